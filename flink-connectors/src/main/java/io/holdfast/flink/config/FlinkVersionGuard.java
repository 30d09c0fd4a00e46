package io.holdfast.flink.config;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import org.apache.flink.runtime.util.EnvironmentInformation;

/**
 * Refuses to run with another Flink than the one this jar was built and tested for, and beside a second jar of its kind.
 * Comes first in whatever Flink creates of ours, before a class is loaded that knows Flink's insides.
 */
public final class FlinkVersionGuard {

    private static final String BUILD = "io/holdfast/flink/build.properties";

    private FlinkVersionGuard() {}

    /**
     * Any thread.
     *
     * @throws HoldfastException {@link Disposition#FATAL} if the Flink that runs is of another minor version, or if two
     *     holdfast-flink jars are on the class path
     */
    public static void check() {
        requireMinor(build().getProperty("flink.minor"), EnvironmentInformation.getVersion());
        requireOne(copies());
    }

    static void requireMinor(String built, String running) {
        if (!running.equals(built) && !running.startsWith(built + ".") && !running.startsWith(built + "-")) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "This jar is for Flink %s but Flink %s is running".formatted(built, running),
                    "Put the holdfast-flink jar built for Flink %s into lib/, and remove this one".formatted(running));
        }
    }

    static void requireOne(List<URL> copies) {
        if (copies.size() > 1) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "%d holdfast-flink jars are on the class path: %s".formatted(copies.size(), copies),
                    "Keep the one that fits this Flink in lib/, and remove the others");
        }
    }

    /** Any thread. Version of Holdfast, Flink minor and Flink version that this jar was built with. */
    public static Properties build() {
        try (InputStream in = FlinkVersionGuard.class.getClassLoader().getResourceAsStream(BUILD)) {
            Properties build = new Properties();
            build.load(in);
            return build;
        } catch (IOException e) {
            throw new UncheckedIOException("This jar's own " + BUILD + " cannot be read", e);
        }
    }

    private static List<URL> copies() {
        try {
            return Collections.list(FlinkVersionGuard.class.getClassLoader().getResources(BUILD));
        } catch (IOException e) {
            throw new UncheckedIOException("The class path cannot be read", e);
        }
    }
}
