package io.holdfast.migration.notice;

import io.holdfast.migration.plan.Cause;
import io.holdfast.migration.plan.Notice;
import java.io.IOException;
import java.util.List;

/** Somewhere that is asked again and again whether this machine has to go. Used by one thread. */
public interface NoticeSource {
    /** Who it is. */
    Cause cause();

    /**
     * Returns the notices that are there now; a notice that is not among them any more is withdrawn.
     *
     * @throws IOException if that cannot be known at the moment; the message is for people
     */
    List<Notice> read() throws IOException;
}
