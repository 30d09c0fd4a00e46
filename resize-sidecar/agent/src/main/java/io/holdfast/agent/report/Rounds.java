package io.holdfast.agent.report;

/**
 * What a thread does again and again until it is over, whatever is thrown at it: in a JVM whose heap is full even the
 * wait for the next round throws. What is caught is told, once in a row, when there is memory for it again: what catches
 * it allocates nothing.
 */
public final class Rounds implements Runnable {
    private static final long PAUSE_MILLIS = 100;

    private final Round round;
    private final String event;
    private final AgentLog log;

    private Throwable untold;
    private boolean failing;

    /** One of them. */
    @FunctionalInterface
    public interface Round {
        /** Returns whether there is another. */
        boolean done() throws Exception;
    }

    /** @param event what is logged of a round that failed */
    public Rounds(Round round, String event, AgentLog log) {
        this.round = round;
        this.event = event;
        this.log = log;
    }

    @Override
    public void run() {
        boolean more = true;
        while (more) {
            try {
                tell();
                more = round.done();
                failing = false;
            } catch (Throwable e) { // the thread is all that there is: nobody starts another
                untold = failing ? untold : e;
                failing = true;
                pause();
            }
        }
    }

    private void tell() {
        if (untold != null) {
            log.warn(event, "cause", untold, "next", "goes on");
            untold = null;
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (Throwable e) { // interrupted, or no memory to say so
            return;
        }
    }
}
