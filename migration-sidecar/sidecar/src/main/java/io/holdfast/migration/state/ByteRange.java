package io.holdfast.migration.state;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Part of a file, as {@code Range} asks for it: RFC 9110, 14. Pure.
 *
 * @param first byte, from 0
 * @param length in bytes; 0 if the file has none of what was asked for
 */
record ByteRange(long first, long length) {
    private static final Pattern ONE = Pattern.compile("\\s*bytes\\s*=\\s*([0-9]{0,18})\\s*-\\s*([0-9]{0,18})\\s*");

    /**
     * What {@code header}, which may be null, asks for of a file of {@code size} bytes. Empty for the whole file: that is what
     * was asked for, or what can be sent instead of several ranges, or of something that is not understood.
     */
    static Optional<ByteRange> parse(String header, long size) {
        Matcher range = header == null ? null : ONE.matcher(header);
        if (range == null || !range.matches()) {
            return Optional.empty();
        }
        OptionalLong first = number(range.group(1));
        OptionalLong last = number(range.group(2));
        if (first.isEmpty()) {
            return last.isEmpty() ? Optional.empty() : Optional.of(end(size, last.getAsLong()));
        }
        if (last.isPresent() && last.getAsLong() < first.getAsLong()) {
            return Optional.empty();
        }
        long from = first.getAsLong();
        long to = Math.min(last.orElse(size - 1), size - 1);
        return Optional.of(new ByteRange(from, Math.max(0, to - from + 1)));
    }

    private static ByteRange end(long size, long length) {
        long there = Math.min(size, length);
        return new ByteRange(size - there, there);
    }

    private static OptionalLong number(String digits) {
        return digits.isEmpty() ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(digits));
    }

    /** Not more than {@code most} bytes of it, from its beginning. */
    ByteRange atMost(long most) {
        return length <= most ? this : new ByteRange(first, most);
    }

    /** For {@code Content-Range}. */
    String of(long size) {
        return "bytes %d-%d/%d".formatted(first, first + length - 1, size);
    }

    /** For {@code Content-Range} when there is nothing of it. */
    static String noneOf(long size) {
        return "bytes */" + size;
    }
}
