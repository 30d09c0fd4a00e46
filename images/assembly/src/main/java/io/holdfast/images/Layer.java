package io.holdfast.images;

import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FilePermissions;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The files of one layer, by their paths in the image. Neither order nor times, owners or umask of this machine reach the
 * image: entries are sorted, of root, of the first second of 1970, and 0755 or 0644. Links become what they point to.
 */
final class Layer {

    private static final FilePermissions READ = FilePermissions.fromOctalString("644");
    private static final FilePermissions RUN = FilePermissions.fromOctalString("755");
    private static final FilePermissions EVERYTHING = FilePermissions.fromOctalString("777");

    private record Source(Path path, FilePermissions permissions) {}

    private final String name;
    private final Map<String, Source> sources = new TreeMap<>();

    Layer(String name) {
        this.name = name;
    }

    /** Adds a file, or a directory with all that is in it. */
    Layer add(Path source, String target) throws IOException {
        try (Stream<Path> files = Files.walk(source, FileVisitOption.FOLLOW_LINKS)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                String relative = source.relativize(file).toString();
                boolean runs = Files.isDirectory(file) || Files.isExecutable(file);
                sources.put(relative.isEmpty() ? target : target + "/" + relative, new Source(file, runs ? RUN : READ));
            }
        }
        return this;
    }

    /** Adds an empty directory that everybody may write to. */
    Layer addWritable(Path emptyDirectory, String target) {
        sources.put(target, new Source(emptyDirectory, EVERYTHING));
        return this;
    }

    List<String> paths() {
        return List.copyOf(sources.keySet());
    }

    FileEntriesLayer entries() {
        FileEntriesLayer.Builder layer = FileEntriesLayer.builder().setName(name);
        sources.forEach(
                (target, source) -> layer.addEntry(source.path(), AbsoluteUnixPath.get(target), source.permissions()));
        return layer.build();
    }
}
