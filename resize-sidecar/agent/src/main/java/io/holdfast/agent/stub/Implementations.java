package io.holdfast.agent.stub;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.instrument.Instrumentation;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * The agent that does the work, and its replacement by a newer one. An agent is a {@code Function} from map to map, and
 * maps hold nothing but types of the JDK: the two sides share no class, and may be years apart.
 *
 * <p>Requests to an agent, by key {@code action}: {@code start} (with {@code options}, {@code preloaded}, {@code
 * instrumentation}, {@code version}, {@code replace} and, from a predecessor, {@code state}), {@code upgrade} (with
 * {@code jar}), {@code hand-over} (answers its state; from then on it does nothing), {@code resume} (with that state,
 * if it came to one: the newer one did not start) and {@code retire} (the newer one did). A refusal is an answer with {@code error}, a
 * code, and {@code message}.
 */
final class Implementations {
    private final Instrumentation instrumentation;
    private Function<Map<String, Object>, Map<String, Object>> current;
    private String version;

    Implementations(Instrumentation instrumentation) {
        this.instrumentation = instrumentation;
    }

    void start(Path jar, String options, boolean preloaded) {
        JarImage image = JarImage.of(jar);
        Function<Map<String, Object>, Map<String, Object>> agent = created(image);
        Map<String, Object> request = request("start", image);
        request.put("options", options);
        request.put("preloaded", preloaded);
        requireDone(agent.apply(request));
        install(agent, image.version());
    }

    /** Another attachment: of the jars that came with one, the newest takes over. */
    void attached(Path own) {
        Path newest = newestJar(own);
        requireDone(current().apply(Map.of("action", "upgrade", "jar", newest.toString())));
    }

    /** Called by the running agent, in the middle of its operation {@code upgrade}. */
    private Map<String, Object> replace(String jar) {
        JarImage image;
        Function<Map<String, Object>, Map<String, Object>> next;
        try {
            image = JarImage.of(Path.of(jar));
            if (!AgentVersion.isNewer(image.version(), version())) {
                return refusal(
                        "not-newer",
                        "Version " + image.version() + " of " + jar + " is not newer than " + version()
                                + ", which runs. Give the jar of a newer version.");
            }
            next = created(image);
        } catch (IllegalArgumentException | LinkageError e) {
            return refusal("bad-jar", e.getMessage() + ". Give the path of a newer holdfast-agent jar.");
        }
        return handOver(current(), next, image);
    }

    /** From previous to next, or back: also when memory ran out in between, so that the way back must need none. */
    private Map<String, Object> handOver(
            Function<Map<String, Object>, Map<String, Object>> previous,
            Function<Map<String, Object>, Map<String, Object>> next,
            JarImage image) {
        Map<String, Object> done = Map.of("version", image.version());
        Map<String, Object> request = request("start", image);
        Map<String, Object> back = new HashMap<>(Map.of("action", "resume"));
        back.put("state", null);
        boolean installed = false;
        try {
            Map<String, Object> state = previous.apply(Map.of("action", "hand-over"));
            back.put("state", state);
            if (state.containsKey("error")) {
                return state;
            }
            request.put("state", state);
            Map<String, Object> started = next.apply(request);
            if (started.containsKey("error")) {
                return started;
            }
            install(next, image.version());
            installed = true;
            return done;
        } catch (RuntimeException | LinkageError e) {
            return refusal("failed", "Version " + image.version() + " did not start: " + e);
        } finally {
            if (!installed) {
                previous.apply(back);
            }
        }
    }

    private Map<String, Object> request(String action, JarImage image) {
        Map<String, Object> request = new HashMap<>();
        request.put("action", action);
        request.put("instrumentation", instrumentation);
        request.put("version", image.version());
        request.put("replace", (Function<String, Map<String, Object>>) this::replace);
        return request;
    }

    private static Function<Map<String, Object>, Map<String, Object>> created(JarImage image) {
        try {
            Object agent = image.entryPoint().getDeclaredConstructor().newInstance();
            @SuppressWarnings("unchecked") // the one contract between all versions
            Function<Map<String, Object>, Map<String, Object>> function =
                    (Function<Map<String, Object>, Map<String, Object>>) agent;
            return function;
        } catch (ReflectiveOperationException | ClassCastException e) {
            throw new IllegalArgumentException("Version " + image.version() + " has no usable agent: " + e, e);
        }
    }

    private static Path newestJar(Path own) {
        Path newest = own;
        String newestVersion = JarImage.versionOf(own);
        try {
            for (URL url : Collections.list(ClassLoader.getSystemResources("META-INF/MANIFEST.MF"))) {
                if (!(url.openConnection() instanceof JarURLConnection connection)) {
                    continue;
                }
                Path jar = Path.of(connection.getJarFileURL().toURI());
                String candidate = JarImage.versionOf(jar);
                if (candidate != null && (newestVersion == null || AgentVersion.isNewer(candidate, newestVersion))) {
                    newest = jar;
                    newestVersion = candidate;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(e);
        }
        return newest;
    }

    private synchronized void install(Function<Map<String, Object>, Map<String, Object>> agent, String itsVersion) {
        current = agent;
        version = itsVersion;
    }

    private synchronized Function<Map<String, Object>, Map<String, Object>> current() {
        return current;
    }

    private synchronized String version() {
        return version;
    }

    private static Map<String, Object> refusal(String code, String message) {
        return Map.of("error", code, "message", message);
    }

    private static void requireDone(Map<String, Object> answer) {
        if (answer.containsKey("error")) {
            throw new IllegalStateException(String.valueOf(answer.get("message")));
        }
    }
}
