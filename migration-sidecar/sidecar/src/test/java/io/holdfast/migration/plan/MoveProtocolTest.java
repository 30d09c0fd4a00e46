package io.holdfast.migration.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.migration.client.MoveState;
import io.holdfast.migration.client.MoveView;
import io.holdfast.migration.plan.Result.Cancelling;
import io.holdfast.migration.plan.Result.Trouble;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MoveProtocolTest {
    private static final Rules RULES =
            new Rules(Duration.ofSeconds(25), Duration.ofSeconds(3), Duration.ofMinutes(2), Duration.ofMinutes(5));

    private final MoveProtocol protocol = new MoveProtocol(RULES);
    private final Map<String, Notice> notices = new LinkedHashMap<>();
    private final List<Report> reports = new ArrayList<>();
    private long now = Long.MAX_VALUE - Duration.ofSeconds(7).toNanos(); // such clocks run over
    private long lookAgain;

    @Test
    void nothingHappensWithoutNotice() {
        assertThat(advance()).isEmpty();
        assertThat(protocol.phase()).isEqualTo(Phase.QUIET);
    }

    @Test
    void undatedNoticeGetsTheTimeOfUndatedOnes() {
        hear(taint("a"));

        assertThat(advance()).contains(new Call.Ask(Duration.ofMinutes(2), true, "taint a"));
    }

    @Test
    void datedNoticeLeavesTheReserve() {
        hear(cloud("spot", Duration.ofSeconds(120)));

        assertThat(ask().timeout()).isEqualTo(Duration.ofSeconds(117));
    }

    @Test
    void noticeThatComesTooLateLeavesTimeForOneTry() {
        hear(cloud("spot", Duration.ofSeconds(1)));

        assertThat(ask().timeout()).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void earliestDeadlineOfManyNoticesWinsAndAllReasonsAreTold() {
        hear(taint("a"));
        hear(cloud("spot", Duration.ofSeconds(60)));
        hear(annotation("x"));

        assertThat(advance()).contains(new Call.Ask(Duration.ofSeconds(57), true, "taint a; spot; annotation x"));
        assertThat(advance()).as("one call at a time").isEmpty();
    }

    @Test
    void noticeAboutThePodAloneLeavesItsNodeToOthers() {
        hear(annotation("x"));

        assertThat(ask().node()).isFalse();
    }

    @Test
    void sameNoticeHeardAgainIsAskedForOnce() {
        begin(cloud("spot", Duration.ofSeconds(60)), MoveState.RESERVING);

        pass(Duration.ofSeconds(1));
        hear(cloud("spot", Duration.ofSeconds(59).plusMillis(-20))); // measured anew

        assertThat(advance()).contains(new Call.Look("m1"));
        assertThat(count(Report.Heard.class)).isEqualTo(1);
    }

    @Test
    void earlierDeadlineIsToldToTheMoveThatIsUnderWay() {
        begin(taint("a"), MoveState.RESERVING);

        pass(Duration.ofSeconds(10));
        hear(hook(1));

        assertThat(ask().timeout()).isEqualTo(Duration.ofSeconds(25));
        viewed(MoveState.CHECKPOINTING);
        assertThat(protocol.phase()).isEqualTo(Phase.MOVING);
        pass(Duration.ofMillis(250));
        assertThat(advance()).contains(new Call.Look("m1"));
    }

    @Test
    void earlierDeadlineOfACloudIsToldToo() {
        begin(taint("a"), MoveState.RESERVING);

        pass(Duration.ofSeconds(10));
        hear(cloud("spot", Duration.ofSeconds(30)));

        assertThat(ask().timeout()).isEqualTo(Duration.ofSeconds(27));
    }

    @Test
    void wholeNodeIsToldToTheMoveOfOnePod() {
        begin(annotation("x"), MoveState.RESERVING);

        pass(Duration.ofSeconds(1));
        hear(taint("a"));

        assertThat(ask().node()).isTrue();
    }

    @Test
    void laterDeadlineChangesNothing() {
        begin(hook(1), MoveState.RESERVING);

        pass(Duration.ofSeconds(1));
        hear(annotation("x"));

        assertThat(advance()).contains(new Call.Look("m1"));
    }

    @Test
    void endIsHeldUntilTheTasksHaveLeft() {
        begin(hook(1), MoveState.SWITCHING);
        assertThat(protocol.holds("hook:1", now)).isTrue();

        pass(Duration.ofMillis(100));
        advance();
        viewed(MoveState.COMPLETED);

        assertThat(protocol.holds("hook:1", now)).isFalse();
        assertThat(ended().outcome()).isEqualTo(Outcome.MOVED);
        assertThat(ended().nanos()).isEqualTo(Duration.ofMillis(100).toNanos());
    }

    @Test
    void endIsHeldNoLongerThanTheBudgetWhateverHappens() {
        begin(hook(1), MoveState.CHECKPOINTING);

        pass(Duration.ofMillis(24_999));
        assertThat(protocol.holds("hook:1", now)).isTrue();
        pass(Duration.ofMillis(1));

        assertThat(protocol.holds("hook:1", now)).isFalse();
    }

    @Test
    void signalSharesTheBudgetOfTheHook() {
        begin(hook(1), MoveState.CHECKPOINTING);
        pass(Duration.ofSeconds(20));
        hear(signal());
        advance();

        assertThat(protocol.holds("signal:2", now)).isTrue();
        pass(Duration.ofSeconds(5));

        assertThat(protocol.holds("signal:2", now)).isFalse();
    }

    @Test
    void hookAfterTheMoveIsAskedForOnceMoreAndThenLetGo() {
        begin(taint("a"), MoveState.COMPLETED);
        assertThat(protocol.phase()).isEqualTo(Phase.MOVED);

        pass(Duration.ofSeconds(5));
        hear(hook(1));
        assertThat(ask().timeout()).isEqualTo(Duration.ofSeconds(25));
        assertThat(protocol.holds("hook:1", now)).isTrue();
        viewed("m2", MoveState.COMPLETED, 0);

        assertThat(protocol.holds("hook:1", now)).isFalse();
        assertThat(ended().outcome()).isEqualTo(Outcome.NOTHING);
    }

    @Test
    void withdrawnNoticeCancelsBeforeThePointOfNoReturn() {
        begin(taint("a"), MoveState.CHECKPOINTING);

        notices.clear();

        assertThat(advance()).contains(new Call.Cancel("m1"));
        result(new Result.Cancelled(Cancelling.DONE));
        assertThat(protocol.phase()).isEqualTo(Phase.QUIET);
        assertThat(ended().outcome()).isEqualTo(Outcome.CANCELLED);
    }

    @Test
    void oneOfTwoNoticesThatIsWithdrawnCancelsNothing() {
        begin(taint("a"), MoveState.CHECKPOINTING);
        hear(taint("b"));
        pass(Duration.ofMillis(250));
        notices.remove("a");

        assertThat(advance()).contains(new Call.Look("m1"));
    }

    @Test
    void withdrawnNoticeCancelsNothingPastThePointOfNoReturn() {
        begin(taint("a"), MoveState.SWITCHING);

        notices.clear();
        pass(Duration.ofMillis(250));

        assertThat(advance()).contains(new Call.Look("m1"));
        assertThat(viewed(MoveState.COMPLETED)).contains(new Call.Stay());
        assertThat(ended().outcome()).isEqualTo(Outcome.MOVED);
        result(new Result.Cancelled(Cancelling.DONE));
        assertThat(protocol.phase()).isEqualTo(Phase.QUIET);
        assertThat(count(Report.Ended.class)).isEqualTo(1);
    }

    @Test
    void moveThatOthersWantGoesOnWithoutThisOne() {
        begin(taint("a"), MoveState.CHECKPOINTING);
        notices.clear();
        assertThat(advance()).contains(new Call.Cancel("m1"));

        assertThat(result(new Result.Cancelled(Cancelling.OTHERS))).isEmpty();

        assertThat(count(Report.WantedByOthers.class)).isEqualTo(1);
        assertThat(ended().outcome()).isEqualTo(Outcome.CANCELLED);
        assertThat(protocol.phase()).isEqualTo(Phase.QUIET);
    }

    @Test
    void moveThatIsPastItAsTheJobManagerSaysGoesOnAndIsAskedOnce() {
        begin(taint("a"), MoveState.CHECKPOINTING);
        notices.clear();
        assertThat(advance()).contains(new Call.Cancel("m1"));

        result(new Result.Cancelled(Cancelling.TOO_LATE));

        assertThat(count(Report.TooLate.class)).isEqualTo(1);
        viewed(MoveState.CHECKPOINTING); // as it was seen before
        pass(Duration.ofMillis(250));
        assertThat(advance()).contains(new Call.Look("m1"));
    }

    @Test
    void noticeThatComesBackWhileItIsCancelledIsAskedForAgain() {
        begin(taint("a"), MoveState.CHECKPOINTING);
        notices.clear();
        assertThat(advance()).contains(new Call.Cancel("m1"));
        hear(taint("a"));

        Optional<Call> next = result(new Result.Cancelled(Cancelling.DONE));

        assertThat(next).containsInstanceOf(Call.Ask.class);
    }

    @Test
    void noticeWithdrawnBeforeAnybodyWasReachedIsOver() {
        hear(taint("a"));
        ask();
        notices.clear();

        assertThat(result(new Result.Failed(Trouble.NOT_KNOWN, "where?"))).isEmpty();
        assertThat(protocol.phase()).isEqualTo(Phase.QUIET);
    }

    @Test
    void moveThatMayHaveBegunUnheardIsFoundAndCancelled() {
        hear(taint("a"));
        ask();
        notices.clear();

        assertThat(result(new Result.Failed(Trouble.AWAY, "timeout"))).contains(new Call.Find());
        assertThat(viewed(MoveState.RESERVING)).contains(new Call.Cancel("m1"));
    }

    @Test
    void jobManagerThatIsAwayIsAskedAgainWithGrowingPausesUntilTheDeadlineAndThenLeftAlone() {
        hear(hook(1));
        int asked = 0;
        long begin = now;
        while (now - begin < Duration.ofSeconds(60).toNanos()) {
            if (advance().isPresent()) {
                asked++;
                result(new Result.Failed(Trouble.AWAY, "connection refused"));
            }
            now = lookAgain;
        }

        assertThat(asked).isBetween(6, 12);
        assertThat(protocol.phase()).isEqualTo(Phase.GIVEN_UP);
        assertThat(ended().outcome()).isEqualTo(Outcome.GIVEN_UP);
        assertThat(ended().detail()).isEqualTo("connection refused");
        assertThat(ended().nanos()).isBetween(25_000_000_000L, 25_100_000_000L);
        assertThat(protocol.holds("hook:1", now)).isFalse();
    }

    @Test
    void newNoticeAfterGivingUpIsANewChance() {
        hear(taint("a"));
        ask();
        result(new Result.Failed(Trouble.REFUSED, "no"));
        assertThat(protocol.phase()).isEqualTo(Phase.GIVEN_UP);
        pass(Duration.ofSeconds(60));
        assertThat(advance()).isEmpty();

        hear(hook(1));

        assertThat(advance()).containsInstanceOf(Call.Ask.class);
    }

    @ParameterizedTest
    @EnumSource(
            value = Trouble.class,
            names = {"REFUSED", "WITHOUT_MOVES"})
    void jobManagerThatDoesNotWantToIsNotAskedAgainAndNobodyIsHeldForIt(Trouble trouble) {
        hear(hook(1));
        ask();

        assertThat(result(new Result.Failed(trouble, "no"))).isEmpty();

        assertThat(protocol.holds("hook:1", now)).isFalse();
        assertThat(ended().outcome()).isEqualTo(Outcome.GIVEN_UP);
    }

    @Test
    void failedMoveIsAskedForAgainAsLongAsThereIsTime() {
        begin(taint("a"), MoveState.RESERVING);

        pass(Duration.ofSeconds(1));
        advance();
        viewed("m1", MoveState.FAILED, 0);

        assertThat(protocol.phase()).isEqualTo(Phase.ASKING);
        assertThat(count(Report.MoveFailed.class)).isEqualTo(1);
        pass(Duration.ofMillis(250));
        assertThat(ask().timeout()).isEqualTo(Duration.ofMillis(120_000 - 1250));
        pass(Duration.ofMinutes(2));
        assertThat(viewed("m2", MoveState.FAILED, 0)).isEmpty();
        assertThat(ended().outcome()).isEqualTo(Outcome.GIVEN_UP);
    }

    @Test
    void moveThatSomebodyElseCancelledIsAskedForAgainWhileTheNoticeIsThere() {
        begin(taint("a"), MoveState.RESERVING);
        pass(Duration.ofSeconds(1));
        advance();
        viewed(MoveState.CANCELLED);
        pass(Duration.ofSeconds(1));

        assertThat(advance()).containsInstanceOf(Call.Ask.class);
    }

    @Test
    void moveThatAnotherJobManagerDoesNotKnowIsAskedForAgain() {
        begin(taint("a"), MoveState.CHECKPOINTING);
        pass(Duration.ofMillis(100));
        assertThat(advance()).contains(new Call.Look("m1"));

        assertThat(result(new Result.Failed(Trouble.UNKNOWN_MOVE, "gone"))).containsInstanceOf(Call.Ask.class);
    }

    @Test
    void jobManagerThatIsAwayInAMoveIsLookedForInPauses() {
        begin(hook(1), MoveState.CHECKPOINTING);
        pass(Duration.ofMillis(100));
        hear(new Notice("later", Cause.HOOK, "later", OptionalLong.empty(), false));
        assertThat(advance()).containsInstanceOf(Call.Ask.class);

        assertThat(result(new Result.Failed(Trouble.AWAY, "x"))).isEmpty();

        assertThat(lookAgain - now).isEqualTo(Duration.ofMillis(250).toNanos());
    }

    @Test
    void taskManagerThatIsNotRegisteredIsWaitedForAMoment() {
        hear(taint("a"));
        ask();
        result(new Result.Failed(Trouble.NOT_REGISTERED, "none"));
        assertThat(protocol.phase()).isEqualTo(Phase.ASKING);

        pass(Duration.ofSeconds(6));
        ask();
        result(new Result.Failed(Trouble.NOT_REGISTERED, "none"));

        assertThat(ended().outcome()).isEqualTo(Outcome.NOTHING);
    }

    @Test
    void taskManagerThatHasGoneDoesNotHoldTheSignal() {
        hear(signal());
        ask();

        result(new Result.Failed(Trouble.NOT_REGISTERED, "none"));

        assertThat(protocol.holds("signal:2", now)).isFalse();
    }

    @Test
    void emptyTaskManagerIsKeptEmptyAsLongAsTheNoticeIsThere() {
        begin(taint("a"), MoveState.COMPLETED);
        pass(Duration.ofSeconds(149));
        assertThat(advance()).isEmpty();

        pass(Duration.ofSeconds(1));
        assertThat(advance()).containsInstanceOf(Call.Ask.class);
        viewed("m2", MoveState.COMPLETED, 0);

        assertThat(count(Report.Ended.class)).as("no news").isEqualTo(1);
        pass(Duration.ofSeconds(150));
        assertThat(advance()).containsInstanceOf(Call.Ask.class);
        viewed("m3", MoveState.RESERVING, 2);
        assertThat(protocol.phase()).as("something was put there").isEqualTo(Phase.MOVING);
    }

    @Test
    void taskManagerStaysWhenTheNoticeOfItsMoveIsWithdrawn() {
        begin(taint("a"), MoveState.COMPLETED);
        notices.clear();

        assertThat(advance()).contains(new Call.Stay());
        result(new Result.Failed(Trouble.AWAY, "away"));
        pass(Duration.ofSeconds(1));
        assertThat(advance()).as("again").contains(new Call.Stay());
        result(new Result.Cancelled(Cancelling.DONE));

        assertThat(count(Report.Stays.class)).isEqualTo(1);
        assertThat(count(Report.Ended.class)).isEqualTo(1);
        assertThat(protocol.phase()).isEqualTo(Phase.QUIET);
    }

    @Test
    void taskManagerOfAFailedMoveStaysToo() {
        begin(taint("a"), MoveState.FAILED);
        notices.clear();

        assertThat(advance()).contains(new Call.Stay());
        assertThat(ended().outcome()).isEqualTo(Outcome.CANCELLED);
    }

    @Test
    void podThatEndsForSureDoesNotStay() {
        begin(hook(1), MoveState.COMPLETED);
        notices.clear();

        assertThat(advance()).isEmpty();
        assertThat(protocol.phase()).isEqualTo(Phase.QUIET);
    }

    @Test
    void moveThatWasGivenUpAndGoesOnIsWaitedForButNotForEver() {
        begin(taint("a"), MoveState.SWITCHING);
        pass(Duration.ofMinutes(3));
        assertThat(advance()).isEmpty();
        assertThat(protocol.phase()).isEqualTo(Phase.GIVEN_UP);
        notices.clear();

        assertThat(advance()).contains(new Call.Stay());
        for (int seconds = 0; seconds < 40; seconds += 5) {
            result(new Result.Cancelled(Cancelling.TOO_LATE));
            pass(Duration.ofSeconds(5));
            advance();
        }

        assertThat(protocol.phase()).isEqualTo(Phase.QUIET);
        assertThat(count(Report.Ended.class)).isEqualTo(1);
    }

    @Test
    void noticeThatComesBackBeforeTheTaskManagerStaysIsAskedForAgain() {
        begin(taint("a"), MoveState.COMPLETED);
        notices.clear();
        assertThat(advance()).contains(new Call.Stay());
        hear(taint("b"));

        assertThat(result(new Result.Failed(Trouble.AWAY, "away"))).containsInstanceOf(Call.Ask.class);
    }

    @Test
    void moveIsLookedAtOftenAtFirst() {
        begin(taint("a"), MoveState.RESERVING);
        assertThat(lookAgain - now).isEqualTo(Duration.ofMillis(100).toNanos());

        pass(Duration.ofSeconds(5));
        advance();
        viewed(MoveState.CHECKPOINTING);

        assertThat(lookAgain - now).isEqualTo(Duration.ofMillis(250).toNanos());
    }

    private void begin(Notice notice, MoveState state) {
        hear(notice);
        ask();
        viewed(state);
    }

    private void hear(Notice notice) {
        notices.put(notice.id(), notice);
    }

    private void pass(Duration time) {
        now += time.toNanos();
    }

    private Optional<Call> advance() {
        return taken(protocol.advance(now, notices.values(), Optional.empty()));
    }

    private Call.Ask ask() {
        return (Call.Ask) advance().orElseThrow();
    }

    private Optional<Call> result(Result result) {
        return taken(protocol.advance(now, notices.values(), Optional.of(result)));
    }

    private Optional<Call> viewed(MoveState state) {
        return viewed("m1", state, 3);
    }

    private Optional<Call> viewed(String id, MoveState state, int subtasks) {
        MoveView.Subtask subtask = new MoveView.Subtask(
                "v", "map", 0, "tm-1", "", OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty());
        return result(new Result.Viewed(new MoveView(
                id,
                state,
                "",
                List.of("tm-1"),
                OptionalLong.empty(),
                OptionalLong.empty(),
                "handover",
                "",
                List.of(),
                List.of(new MoveView.Job(
                        "j",
                        state,
                        "",
                        OptionalLong.empty(),
                        List.of(),
                        Stream.generate(() -> subtask).limit(subtasks).toList())),
                List.of("sidecar/pod"))));
    }

    private Optional<Call> taken(Turn turn) {
        reports.addAll(turn.reports());
        lookAgain = turn.lookAgainNanos();
        return turn.call();
    }

    private long count(Class<? extends Report> type) {
        return reports.stream().filter(type::isInstance).count();
    }

    /** The last end. */
    private Report.Ended ended() {
        return reports.stream()
                .filter(Report.Ended.class::isInstance)
                .map(Report.Ended.class::cast)
                .reduce((first, last) -> last)
                .orElseThrow();
    }

    private static Notice taint(String id) {
        return new Notice(id, Cause.NODE_TAINT, "taint " + id, OptionalLong.empty(), true);
    }

    private static Notice annotation(String id) {
        return new Notice(id, Cause.POD_ANNOTATION, "annotation " + id, OptionalLong.empty(), false);
    }

    private Notice cloud(String id, Duration left) {
        return new Notice(id, Cause.AWS, id, OptionalLong.of(now + left.toNanos()), true);
    }

    private static Notice hook(int number) {
        return new Notice("hook:" + number, Cause.HOOK, "the pod ends", OptionalLong.empty(), false);
    }

    private static Notice signal() {
        return new Notice("signal:2", Cause.SIGNAL, "told to end", OptionalLong.empty(), false);
    }
}
