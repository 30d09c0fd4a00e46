package io.holdfast.kubernetes;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps an eye on an object. A thread of its own reads it, and then waits for changes; whatever hinders that is told once, and
 * tried again with growing pauses. The object is read again every few minutes even so: a watch that has died in silence must
 * not be believed for ever.
 */
public final class ObjectWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ObjectWatch.class);
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);
    private static final Duration WITHOUT_WATCH = Duration.ofSeconds(10);

    private final ApiObject object;
    private final Follower follower;
    private final String without;
    private final Thread thread;
    private String told = "";
    private int failures;

    /** Who wants to know. Called in the watch's threads, never in two at a time. */
    public interface Follower {
        /**
         * Given the object as it is, at the begin and whenever it may have changed.
         *
         * @throws RuntimeException if it cannot be understood; that is told, and it is read again later
         */
        void seen(GenericKubernetesResource object);

        /** Called whenever it could not be read: what was seen may no longer be so. */
        default void lost() {}
    }

    /** @param without what is not done as long as it may not be read: the end of a sentence that begins with "Until then" */
    public ObjectWatch(ApiObject object, Follower follower, String without) {
        this.object = object;
        this.follower = follower;
        this.without = without;
        this.thread = new Thread(this::run, "holdfast-%s-watch".formatted(object.singular()));
        thread.setDaemon(true);
    }

    public void start() {
        thread.start();
    }

    private void run() {
        Duration pause = FIRST_PAUSE;
        while (!Thread.currentThread().isInterrupted()) {
            try {
                show(object.read());
                recovered();
                pause = FIRST_PAUSE;
                long beginNanos = System.nanoTime();
                waitForChanges();
                if (System.nanoTime() - beginNanos < FIRST_PAUSE.toNanos() && !slept(FIRST_PAUSE)) {
                    return; // it is ended as soon as it begins: no reason to keep the API server busy
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (RuntimeException e) {
                if (Thread.currentThread().isInterrupted()) {
                    return;
                }
                follower.lost();
                failed(e);
                if (!slept(pause)) {
                    return;
                }
                pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
            }
        }
    }

    private void waitForChanges() throws InterruptedException {
        CountDownLatch ended = new CountDownLatch(1);
        Watcher<GenericKubernetesResource> watcher = new Watcher<>() {
            @Override
            public void eventReceived(Action action, GenericKubernetesResource resource) {
                if (action == Action.ADDED || action == Action.MODIFIED) {
                    seen(resource, ended);
                }
            }

            @Override
            public void onClose(WatcherException cause) {
                ended.countDown();
            }
        };
        try {
            Watch watch = object.watch(watcher);
            try {
                ended.await(LONGEST_PAUSE.toSeconds(), TimeUnit.SECONDS);
            } finally {
                watch.close();
            }
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_FORBIDDEN) {
                throw e;
            }
            tell(
                    "%s is read every 10 s, and not watched: %s=%s reason=%s. Allow the verb watch on %s to the pod's service account"
                            .formatted(
                                    capitalized(), object.singular(), object.name(), e.getMessage(), object.plural()));
            ended.await(WITHOUT_WATCH.toSeconds(), TimeUnit.SECONDS);
        }
    }

    private void seen(GenericKubernetesResource resource, CountDownLatch ended) {
        try {
            show(resource);
        } catch (RuntimeException e) {
            ended.countDown(); // reading it again tells why
        }
    }

    private synchronized void show(GenericKubernetesResource resource) {
        follower.seen(resource);
    }

    private void failed(RuntimeException e) {
        failures++;
        boolean forbidden =
                e instanceof KubernetesClientException refused && refused.getCode() == HttpURLConnection.HTTP_FORBIDDEN;
        tell("%s not read: %s=%s reason=%s remedy=%s"
                .formatted(
                        capitalized(),
                        object.singular(),
                        object.name(),
                        e.getMessage(),
                        forbidden
                                ? "Allow the verbs get and watch on %s to the pod's service account. Until then %s"
                                        .formatted(object.plural(), without)
                                : "none needed unless this stays; it is tried again"));
    }

    private String capitalized() {
        String word = object.singular();
        return word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1);
    }

    private void tell(String text) {
        if (!text.equals(told)) {
            told = text;
            LOG.warn(text);
        }
    }

    private void recovered() {
        if (failures > 0) {
            LOG.info("{} read again: name={} failures={}", capitalized(), object.name(), failures);
            failures = 0;
            told = "";
        }
    }

    private static boolean slept(Duration pause) {
        try {
            TimeUnit.NANOSECONDS.sleep(pause.toNanos());
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
