package io.holdfast.agent.control;

import java.util.function.Consumer;

/** What does the work behind the socket. */
public interface RequestHandler {
    /**
     * Called on the socket's thread: answers at once, or lets another thread do so later.
     *
     * @param answer to be called once, on any thread
     */
    void handle(Request request, Consumer<Answer> answer);
}
