package io.holdfast.flink.handoff;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Rewrites the description of a task's local state, a serialized {@code TaskStateSnapshot}, for the directory that the state
 * was copied to. Whatever kinds of handles it holds, they name files by strings, as Java serializes paths and URIs too.
 */
final class StateRelocation extends ObjectInputStream {

    /** Handles are Flink's own. What else may be in what comes from another machine is not wanted. */
    private static final ObjectInputFilter KNOWN =
            ObjectInputFilter.Config.createFilter("org.apache.flink.**;java.**;!*");

    private final Pattern source;
    private final String target;
    private final String targetUri;
    private final ClassLoader classes;

    private StateRelocation(InputStream in, String sourceDirectory, Path target, ClassLoader classes)
            throws IOException {
        super(in);
        this.source = Pattern.compile("^((?:file:)?/(?:.*/)?)" + Pattern.quote(sourceDirectory) + "(?=/|$)");
        this.target = target.toString();
        this.targetUri = "file:" + new File(this.target).toURI().getRawPath().replaceAll("/$", "");
        this.classes = classes;
        setObjectInputFilter(KNOWN);
        enableResolveObject(true);
    }

    /**
     * Rewrites {@code snapshot} in place.
     *
     * @param sourceDirectory what the directory of the checkpoint was called on the other machine, from the allocation on
     * @param target what it is called now, absolute
     * @throws IOException if it cannot be read or written; then nothing is changed
     */
    static void rewrite(Path snapshot, String sourceDirectory, Path target, ClassLoader classes) throws IOException {
        Object content;
        try (InputStream in = Files.newInputStream(snapshot);
                StateRelocation relocation = new StateRelocation(in, sourceDirectory, target, classes)) {
            content = relocation.readObject();
        } catch (ClassNotFoundException e) {
            throw new IOException("The description of the local state names a class that is not here", e);
        }
        Path rewritten = snapshot.resolveSibling(snapshot.getFileName() + ".part");
        try (OutputStream out = Files.newOutputStream(rewritten);
                ObjectOutputStream objects = new ObjectOutputStream(out)) {
            objects.writeObject(content);
        }
        Files.move(rewritten, snapshot, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    protected Object resolveObject(Object object) {
        if (object instanceof String text) {
            Matcher matcher = source.matcher(text);
            if (matcher.find()) {
                String directory = text.startsWith("file:") ? targetUri : target;
                return directory + text.substring(matcher.end());
            }
        }
        return object;
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass description) throws IOException, ClassNotFoundException {
        try {
            return Class.forName(description.getName(), false, classes);
        } catch (ClassNotFoundException e) {
            return super.resolveClass(description); // primitives
        }
    }
}
