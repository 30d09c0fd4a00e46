package io.holdfast.agent.heap;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BalloonTest {
    private final List<SoftReference<?>> soft = new ArrayList<>();
    private final Balloon balloon = new Balloon(soft::add);

    @Test
    void youngestArraysAreHeldSoftlyUpToTheAllowance() {
        fill(10, 20, 30);

        balloon.balance(55);

        assertThat(soft).hasSize(2); // 30 and 20
        soft.forEach(SoftReference::clear); // as a collector does
        assertThat(balloon.touch()).isEqualTo(50);
        assertThat(balloon.heldBytes()).isEqualTo(10);
        assertThat(balloon.takenBytes()).isEqualTo(50);
    }

    @Test
    void whatTheCgroupCannotTakeAnyMoreIsHeldStronglyAgain() {
        fill(10, 20);
        balloon.balance(30);

        balloon.balance(20);
        soft.forEach(SoftReference::clear);

        assertThat(balloon.touch()).isEqualTo(20);
        assertThat(balloon.heldBytes()).isEqualTo(10);
    }

    @Test
    void arraysAreDroppedUntilNoMoreThanThatIsHeld() {
        fill(10, 20, 30);

        balloon.dropTo(35);

        assertThat(balloon.heldBytes()).isEqualTo(30);
        assertThat(balloon.takenBytes()).isZero();
    }

    @Test
    void whatIsHandedOverIsHeldByBothUntilThisOneForgetsIt() {
        fill(10, 20);
        balloon.balance(30);

        Map<String, Object> state = balloon.handOver();
        soft.forEach(SoftReference::clear);

        Balloon next = new Balloon(reference -> true);
        next.takeOver(state);
        assertThat(balloon.touch()).isZero();
        assertThat(balloon.heldBytes()).isEqualTo(30);
        balloon.forget();
        assertThat(balloon.heldBytes()).isZero();
        assertThat(next.heldBytes()).isEqualTo(30);
        assertThat(next.touch()).isZero();
        assertThat(state.values())
                .allSatisfy(value -> assertThat(value.getClass().getName()).startsWith("java."));
    }

    private void fill(long... sizes) {
        for (long size : sizes) {
            balloon.add(new long[1], size);
        }
    }
}
