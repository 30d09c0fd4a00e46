package io.holdfast.flink.rest;

import org.apache.flink.runtime.rest.messages.MessagePathParameter;

/** The id of a move, as it stands in a path. Whether it is one is for the handlers to say. REST handler threads. */
final class MoveIdPathParameter extends MessagePathParameter<String> {

    static final String KEY = "moveid";

    MoveIdPathParameter() {
        super(KEY);
    }

    @Override
    protected String convertFromString(String value) {
        return value;
    }

    @Override
    protected String convertToString(String value) {
        return value;
    }

    @Override
    public String getDescription() {
        return "32-character hexadecimal string value that identifies a move.";
    }
}
