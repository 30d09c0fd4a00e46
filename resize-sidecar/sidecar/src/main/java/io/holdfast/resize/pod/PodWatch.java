package io.holdfast.resize.pod;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.holdfast.base.HoldfastException;
import io.holdfast.resize.plan.World;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps an eye on what this pod asks for. A thread of its own reads the pod, and then waits for changes; whatever hinders
 * that is told once, and tried again with growing pauses. The pod is read again every few minutes even so: a watch that has
 * died in silence must not be believed for ever.
 */
public final class PodWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PodWatch.class);
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);
    private static final Duration WITHOUT_WATCH = Duration.ofSeconds(10);

    private final OwnPod pod;
    private final Runnable changed;
    private final Thread thread;
    private volatile Optional<PodState> state = Optional.empty();
    private String told = "";
    private int failures;

    /** @param changed called, in another thread, as soon as the pod may ask for something else */
    public PodWatch(OwnPod pod, Runnable changed) {
        this.pod = pod;
        this.changed = changed;
        this.thread = new Thread(this::run, "holdfast-pod-watch");
        thread.setDaemon(true);
    }

    public void start() {
        thread.start();
    }

    /** What the pod asks for; empty while that is not known. Any thread. */
    public Optional<World.Pod> pod() {
        return state.map(known -> new World.Pod(
                known.limitBytes(),
                known.requestBytes().isPresent()
                        ? OptionalLong.of(known.requestBytes().get())
                        : OptionalLong.empty(),
                known.condition()));
    }

    /** The pod's unique id, which events refer to. */
    Optional<String> uid() {
        return state.map(PodState::uid);
    }

    private void run() {
        Duration pause = FIRST_PAUSE;
        while (!Thread.currentThread().isInterrupted()) {
            try {
                publish(pod.read());
                recovered();
                pause = FIRST_PAUSE;
                waitForChanges();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (RuntimeException e) {
                if (Thread.currentThread().isInterrupted()) {
                    return;
                }
                state = Optional.empty();
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
            Watch watch = pod.watch(watcher);
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
                    "Pod is read every 10 s, and not watched: pod=%s reason=%s. Allow the verb watch on pods to its service account"
                            .formatted(pod.identity(), e.getMessage()));
            ended.await(WITHOUT_WATCH.toSeconds(), TimeUnit.SECONDS);
        }
    }

    private void seen(GenericKubernetesResource resource, CountDownLatch ended) {
        try {
            publish(PodState.of(resource, pod.container()));
        } catch (HoldfastException e) {
            ended.countDown(); // reading it again tells why
        }
    }

    private void publish(PodState next) {
        if (!Optional.of(next).equals(state)) {
            state = Optional.of(next);
            changed.run();
        }
    }

    private void failed(RuntimeException e) {
        failures++;
        boolean forbidden =
                e instanceof KubernetesClientException refused && refused.getCode() == HttpURLConnection.HTTP_FORBIDDEN;
        tell("Pod not read: pod=%s reason=%s remedy=%s"
                .formatted(
                        pod.identity(),
                        e.getMessage(),
                        forbidden
                                ? "Allow the verbs get and watch on pods to its service account. Until then only the limit is"
                                        + " followed"
                                : "none needed unless this stays; it is tried again"));
    }

    private void tell(String text) {
        if (!text.equals(told)) {
            told = text;
            LOG.warn(text);
        }
    }

    private void recovered() {
        if (failures > 0) {
            LOG.info("Pod read again: pod={} failures={}", pod.identity(), failures);
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
