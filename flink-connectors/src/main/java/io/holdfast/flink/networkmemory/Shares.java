package io.holdfast.flink.networkmemory;

/** How segments that no pool must have are shared among the pools that could use them. Pure. */
public final class Shares {

    private Shares() {}

    /**
     * In proportion to the room of each, as Flink does: a pool without a limit has room for all.
     *
     * @param spare segments to share
     * @param room of each pool beyond what it must have
     * @return one share per pool, none greater than its room, together all of {@code spare} if there is room for it
     */
    public static int[] of(int spare, int[] room) {
        long all = 0;
        for (int of : room) {
            all += Math.min(spare, of);
        }
        int[] shares = new int[room.length];
        long shared = Math.min(spare, all);
        long seen = 0;
        int given = 0;
        for (int i = 0; i < room.length && all > 0; i++) {
            seen += Math.min(spare, room[i]);
            shares[i] = (int) (shared * seen / all) - given; // what is due to all so far, so that none is left over
            given += shares[i];
        }
        return shares;
    }
}
