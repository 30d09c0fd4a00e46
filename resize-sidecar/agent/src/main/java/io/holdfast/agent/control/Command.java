package io.holdfast.agent.control;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What can be asked of the agent. The lower-case name is part of the protocol, as are the keys. */
public enum Command {
    HELLO(List.of(), List.of()),
    STATUS(List.of(), List.of()),
    HEAP(List.of("bytes"), List.of("timeout-ms")),
    DIRECT(List.of("bytes"), List.of()),
    NETWORK(List.of("bytes"), List.of("timeout-ms", "wait")),
    TRIM(List.of(), List.of()),
    LIVE(List.of(), List.of()),
    UPGRADE(List.of("jar"), List.of());

    private final List<String> required;
    private final List<String> optional;

    Command(List<String> required, List<String> optional) {
        this.required = required;
        this.optional = optional;
    }

    /** Returns the command as it stands on the wire. */
    public String wire() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns whether it only tells, and so waits for nobody. */
    public boolean tellsOnly() {
        return this == HELLO || this == STATUS;
    }

    List<String> required() {
        return required;
    }

    List<String> keys() {
        return Stream.concat(required.stream(), optional.stream()).toList();
    }

    static Optional<Command> of(String wire) {
        return Stream.of(values())
                .filter(command -> command.wire().equals(wire))
                .findFirst();
    }

    static List<String> all() {
        return Stream.of(values()).map(Command::wire).toList();
    }
}
