package io.holdfast.agent.heap;

/**
 * How much of what a collection found in use was the balloon's. The JVM tells of a collection some time after it, when
 * the balloon may be smaller than it was, for that very collection may have taken of it; what is subtracted from what
 * was in use must not be less than it was then, or untouched heap passes for touched. Pure; one thread at a time.
 */
final class BalloonShare {
    private long bytes;
    private long earlierBytes;
    private long addedBytes;
    private CollectionListener.Ended changed = CollectionListener.Ended.NONE;

    /**
     * Notes what there is now. Of collections before {@code collection} nothing more will be heard.
     *
     * @param shareBytes what is held, and what was let go and not collected yet
     * @param addedInAllBytes what was ever added to the balloon
     * @param ended read after the two
     */
    void looked(
            long shareBytes, long addedInAllBytes, CollectionListener.Ended ended, CollectionListener.Last collection) {
        if (collection.after(changed)) {
            earlierBytes = bytes;
        }
        if (shareBytes != bytes || addedInAllBytes != addedBytes) {
            earlierBytes = Math.max(earlierBytes, bytes) + addedInAllBytes - addedBytes;
            bytes = shareBytes;
            addedBytes = addedInAllBytes;
            changed = ended;
        }
    }

    /** Returns the most that it can have been when that collection, the last that was heard of, began. */
    long atMost(CollectionListener.Last collection, long addedInAllBytes) {
        long then = collection.after(changed) ? bytes : Math.max(earlierBytes, bytes);
        return then + addedInAllBytes - addedBytes;
    }
}
