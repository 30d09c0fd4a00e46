package io.holdfast.images;

import io.holdfast.base.Disposition;
import io.holdfast.base.ExitCode;
import io.holdfast.base.HoldfastException;
import java.io.IOException;

/** What the programs of this module share: their failures become one line and an exit code. */
final class Program {

    /** The work itself. */
    @FunctionalInterface
    interface Work {
        void run() throws IOException, InterruptedException;
    }

    private Program() {}

    static void run(Work work) {
        try {
            work.run();
        } catch (HoldfastException e) {
            System.err.println(e.getMessage());
            System.exit(e.disposition() == Disposition.RETRYABLE ? ExitCode.UNAVAILABLE : ExitCode.BAD_CONFIGURATION);
        } catch (IOException e) {
            System.err.println("Files of the image cannot be read or written: " + e
                    + ". Check free space, and that the directories named above are readable.");
            System.exit(ExitCode.INTERNAL);
        } catch (InterruptedException e) {
            System.err.println("Interrupted. Run this again.");
            System.exit(ExitCode.TRY_AGAIN);
        }
    }
}
