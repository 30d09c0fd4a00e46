package io.holdfast.agent.heap;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.agent.heap.CollectionListener.Ended;
import io.holdfast.agent.heap.CollectionListener.Last;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BalloonShareTest {
    private final BalloonShare share = new BalloonShare();

    @Test
    void collectionThatTookOfTheBalloonBeganWithAllOfIt() {
        share.looked(350, 350, ended(3), old(3));

        assertThat(share.atMost(old(4), 350)).isEqualTo(350);
    }

    @Test
    void soItDoesIfItIsHeardOfAfterALookThatSawWhatItTook() {
        share.looked(350, 350, ended(3), old(3));
        share.looked(180, 350, ended(4), old(3));

        assertThat(share.atMost(old(4), 350)).isEqualTo(350);
        share.looked(180, 350, ended(4), old(4));
        assertThat(share.atMost(young(1), 350)).isEqualTo(180); // none had ended
        assertThat(share.atMost(old(5), 350)).isEqualTo(180);
    }

    @Test
    void ofSeveralSizesTheLargestCountsUntilALaterCollectionIsHeardOf() {
        share.looked(350, 350, ended(3), old(3));
        share.looked(180, 350, ended(4), old(3));
        share.looked(100, 350, ended(5), old(3));

        assertThat(share.atMost(old(5), 350)).isEqualTo(350);
        assertThat(share.atMost(old(6), 350)).isEqualTo(100);
        share.looked(100, 350, ended(6), old(6));
        share.looked(90, 350, ended(7), old(6));
        assertThat(share.atMost(old(7), 350)).isEqualTo(100);
    }

    @Test
    void whatWasAddedSinceMayHaveBeenThere() {
        share.looked(100, 100, ended(3), old(3));

        assertThat(share.atMost(old(4), 160)).isEqualTo(160);
        share.looked(100, 160, ended(4), old(3)); // and as much was taken
        assertThat(share.atMost(old(4), 160)).isEqualTo(160);
        assertThat(share.atMost(old(5), 160)).isEqualTo(100);
    }

    private static Ended ended(long old) {
        return new Ended(Map.of("old", old, "young", 0L));
    }

    private static Last old(long id) {
        return new Last(1, "old", id, 0, 0, true);
    }

    private static Last young(long id) {
        return new Last(1, "young", id, 0, 0, false);
    }
}
