package io.holdfast.migration.state;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the path of a request names. Pure. Nothing that it gives can lead out of a checkpoint's directory by its spelling.
 *
 * @param file names of directories and, last, of the file below the checkpoint's; empty for the list of all files
 */
record StatePath(CheckpointId checkpoint, List<String> file) {
    private static final String ID = "([0-9a-f]{32})";
    private static final Pattern PATH = Pattern.compile(
            "/state/" + ID + "/" + ID + "/" + ID + "/(0|[1-9][0-9]{0,9})/(0|[1-9][0-9]{0,18})(?:/files/(.+))?");
    private static final int HEXADECIMAL = 16;

    /** @param raw as it was sent, encoded; empty if it names nothing that can be here */
    static Optional<StatePath> parse(String raw) {
        Matcher path = PATH.matcher(raw);
        if (!path.matches()) {
            return Optional.empty();
        }
        CheckpointId checkpoint =
                new CheckpointId(path.group(1), path.group(2), path.group(3), path.group(4), path.group(5));
        if (path.group(6) == null) {
            return Optional.of(new StatePath(checkpoint, List.of()));
        }
        List<String> names = new ArrayList<>();
        for (String segment : path.group(6).split("/", -1)) {
            Optional<String> name = decode(segment);
            if (name.isEmpty() || !plain(name.get())) {
                return Optional.empty();
            }
            names.add(name.get());
        }
        return Optional.of(new StatePath(checkpoint, List.copyOf(names)));
    }

    /** Whether it is a name in a directory, and neither of those that every directory has. */
    private static boolean plain(String name) {
        return !name.isEmpty()
                && !name.equals(".")
                && !name.equals("..")
                && name.indexOf('/') < 0
                && name.indexOf('\\') < 0
                && name.indexOf('\0') < 0;
    }

    /** Once: what is encoded twice stays encoded. */
    private static Optional<String> decode(String segment) {
        byte[] text = segment.getBytes(StandardCharsets.UTF_8);
        ByteBuffer decoded = ByteBuffer.allocate(text.length);
        for (int i = 0; i < text.length; i++) {
            if (text[i] != '%') {
                decoded.put(text[i]);
                continue;
            }
            int high = i + 2 < text.length ? Character.digit(text[i + 1], HEXADECIMAL) : -1;
            int low = i + 2 < text.length ? Character.digit(text[i + 2], HEXADECIMAL) : -1;
            if (high < 0 || low < 0) {
                return Optional.empty();
            }
            decoded.put((byte) (high * HEXADECIMAL + low));
            i += 2;
        }
        try {
            return Optional.of(
                    StandardCharsets.UTF_8.newDecoder().decode(decoded.flip()).toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }
}
