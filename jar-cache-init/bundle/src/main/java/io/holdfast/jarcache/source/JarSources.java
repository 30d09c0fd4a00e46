package io.holdfast.jarcache.source;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/** All kinds of sources, by the scheme of the URI. A kind is made, and its library loaded, when it is first needed. */
public final class JarSources implements JarSource {

    private final Map<String, Supplier<JarSource>> kinds;
    private final Map<String, JarSource> made = new HashMap<>();

    public JarSources(HttpSettings http, HdfsSettings hdfs) {
        kinds = Map.of(
                "file", FileJarSource::new,
                "http", () -> new HttpJarSource(http),
                "https", () -> new HttpJarSource(http),
                "hdfs", () -> new HdfsJarSource(hdfs));
    }

    /** What the scheme of a source may be. */
    public static Set<String> schemes() {
        return new TreeSet<>(new JarSources(HttpSettings.USUAL, HdfsSettings.NONE).kinds.keySet());
    }

    /** @throws HoldfastException also, FATAL, if there is no such kind of source */
    @Override
    public void fetch(URI jar, Path target, Transfer transfer) {
        source(jar).fetch(jar, target, transfer);
    }

    private synchronized JarSource source(URI jar) {
        String scheme = String.valueOf(jar.getScheme()).toLowerCase(Locale.ROOT);
        Supplier<JarSource> kind = kinds.get(scheme);
        if (kind == null) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "There is no source of the kind '%s': %s".formatted(scheme, SourceUri.shown(jar)),
                    "Use one of " + String.join(", ", new TreeSet<>(kinds.keySet())));
        }
        return made.computeIfAbsent(scheme, ignored -> kind.get());
    }

    @Override
    public synchronized void close() {
        made.values().forEach(JarSource::close);
        made.clear();
    }
}
