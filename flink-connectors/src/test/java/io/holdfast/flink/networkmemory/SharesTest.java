package io.holdfast.flink.networkmemory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SharesTest {

    @Test
    void isSharedInProportionToTheRoom() {
        assertThat(Shares.of(10, new int[] {20, 20})).containsExactly(5, 5);
        assertThat(Shares.of(9, new int[] {2, 4})).containsExactly(2, 4);
        assertThat(Shares.of(3, new int[] {2, 4})).containsExactly(1, 2);
        assertThat(Shares.of(8, new int[] {Integer.MAX_VALUE, 8})).containsExactly(4, 4);
    }

    @Test
    void nothingToShareAndNobodyToShareWith() {
        assertThat(Shares.of(0, new int[] {5, Integer.MAX_VALUE})).containsExactly(0, 0);
        assertThat(Shares.of(7, new int[] {})).isEmpty();
    }

    @Test
    void nobodyGetsMoreThanThereIsRoomAndNothingIsLeftOver() {
        Random random = new Random(7);
        for (int round = 0; round < 1_000; round++) {
            int spare = random.nextInt(5_000);
            int[] room = IntStream.range(0, random.nextInt(20))
                    .map(i -> random.nextInt(10) == 0 ? Integer.MAX_VALUE : random.nextInt(500))
                    .toArray();

            int[] shares = Shares.of(spare, room);

            long wanted = IntStream.of(room).mapToLong(of -> of).sum();
            assertThat(IntStream.of(shares).sum()).isEqualTo((int) Math.min(spare, wanted));
            for (int i = 0; i < room.length; i++) {
                assertThat(shares[i]).isBetween(0, room[i]);
            }
        }
    }
}
