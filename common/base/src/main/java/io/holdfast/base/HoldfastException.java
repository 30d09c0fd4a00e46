package io.holdfast.base;

import java.util.Objects;

/**
 * A failure that a person can do something about. Its message is {@code "<problem>. <remedy>."}: a fact with its values,
 * then one imperative sentence that names the setting, file or command, or says what happens next.
 */
public final class HoldfastException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Disposition disposition;
    private final String problem;
    private final String remedy;

    /**
     * @param problem what is wrong, with the values that show it
     * @param remedy what to do about it, in the imperative
     * @throws IllegalArgumentException if {@code problem} or {@code remedy} is blank
     */
    public HoldfastException(Disposition disposition, String problem, String remedy) {
        this(disposition, problem, remedy, null);
    }

    /**
     * @param problem what is wrong, with the values that show it
     * @param remedy what to do about it, in the imperative
     * @param cause what led here; may be null
     * @throws IllegalArgumentException if {@code problem} or {@code remedy} is blank
     */
    public HoldfastException(Disposition disposition, String problem, String remedy, Throwable cause) {
        super(sentence("problem", problem) + " " + sentence("remedy", remedy), cause);
        this.disposition = Objects.requireNonNull(disposition, "disposition");
        this.problem = problem;
        this.remedy = remedy;
    }

    /** Returns what the caller should do. */
    public Disposition disposition() {
        return disposition;
    }

    /** Returns the fact alone, as it was given. */
    public String problem() {
        return problem;
    }

    /** Returns the remedy alone, as it was given. */
    public String remedy() {
        return remedy;
    }

    private static String sentence(String role, String text) {
        String stripped = Objects.requireNonNull(text, role).strip();
        if (stripped.isEmpty()) {
            throw new IllegalArgumentException(role + " must not be blank");
        }
        char last = stripped.charAt(stripped.length() - 1);
        return last == '.' || last == '?' || last == '!' ? stripped : stripped + ".";
    }
}
