package io.holdfast.agent.running;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The balloon is never what an application dies of, and never gives away what the cgroup has not. */
@Timeout(120)
class GiveWayIT {
    private static final long MIB = 1 << 20;

    @TempDir
    Path directory;

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 21, 25})
    void applicationThatNeedsMoreThanTheCeilingGetsWhatTheCgroupAllows(int jdk) {
        try (ChildCgroup cgroup = ChildCgroup.make(800 * MIB);
                TestJvm jvm = new TestJvm.Start(jdk, directory)
                        .within(cgroup.command())
                        .preloaded("heap=160Mi")
                        .up()) {
            assertThat(jvm.ask("status").values())
                    .containsEntry("heap.ceiling", "" + 160 * MIB)
                    .containsEntry("cgroup.limit", "" + 800 * MIB);

            assertThat(jvm.app("hold 350", cgroup)).isEqualTo("holds " + 350 * MIB);

            assertThat(jvm.error(line -> line.contains("Balloon gave way"))).contains("by=collector", "count=1");
            AgentClient.Reply status = jvm.ask("status");
            assertThat(status.number("heap.gave-way")).isPositive();
            assertThat(status.number("heap.ceiling")).isGreaterThan(350 * MIB);
            assertThat(status.number("heap.ceiling") + status.number("heap.balloon"))
                    .isEqualTo(512 * MIB);
            assertThat(cgroup.kills()).as(cgroup.figures()).isZero();
        }
    }

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 21, 25})
    void applicationGetsNoMoreThanTheCgroupHas(int jdk) {
        try (ChildCgroup cgroup = ChildCgroup.make(600 * MIB);
                TestJvm jvm = new TestJvm.Start(jdk, directory)
                        .within(cgroup.command())
                        .preloaded("heap=160Mi")
                        .up()) {
            jvm.app("hold 130");
            jvm.app("churn 300"); // touches the rest of the heap below the ceiling
            cgroup.limit(cgroup.usage() + 12 * MIB); // less than the margin and one array of the balloon
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1_500)); // the agent looks each second

            String answer = jvm.app("fill", cgroup);

            assertThat(answer).startsWith("out of memory at ");
            assertThat(Long.parseLong(answer.substring("out of memory at ".length())))
                    .isBetween(140 * MIB, 160 * MIB);
            assertThat(jvm.app("intact")).startsWith("intact");
            assertThat(jvm.ask("status").number("heap.ceiling")).isEqualTo(160 * MIB);
            assertThat(cgroup.kills()).as(cgroup.figures()).isZero();
        }
    }

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = 17)
    void limitOfDirectMemoryGivesWayOnlyToWhatTheCgroupHas(int jdk) {
        try (ChildCgroup cgroup = ChildCgroup.make(800 * MIB);
                TestJvm jvm = new TestJvm.Start(jdk, directory)
                        .within(cgroup.command())
                        .options("-XX:MaxDirectMemorySize=200m")
                        .preloaded("heap=96Mi")
                        .up()) {
            jvm.ask("direct bytes=" + 20 * MIB).ok();
            cgroup.limit(cgroup.usage() + 150 * MIB);

            assertThat(jvm.app("lend 180")).isEqualTo("false");
            assertThat(jvm.ask("status").number("direct.limit")).isEqualTo(20 * MIB);

            cgroup.limit(800 * MIB);
            assertThat(jvm.app("lend 180")).isEqualTo("true");
            assertThat(jvm.ask("status").number("direct.limit")).isEqualTo(200 * MIB);
        }
    }

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 25})
    void whatTheBalloonGaveAndTheApplicationHasNotTouchedIsNotGivenTwice(int jdk) {
        try (ChildCgroup cgroup = ChildCgroup.make(420 * MIB);
                TestJvm jvm = new TestJvm.Start(jdk, directory)
                        .within(cgroup.command())
                        .options("-XX:MaxDirectMemorySize=200m")
                        .preloaded("heap=160Mi")
                        .up()) {
            jvm.ask("direct bytes=" + 2 * MIB).ok();

            assertThat(jvm.app("hold 165", cgroup)).startsWith("holds "); // and a large part of the balloon is gone
            jvm.error(line -> line.contains("Balloon gave way"));
            assertThat(jvm.ask("status").number("heap.ceiling")).isGreaterThan(270 * MIB);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1_500)); // the agent looks each second

            assertThat(jvm.app("lend 20")).isEqualTo("false");
            assertThat(jvm.app("fill", cgroup)).startsWith("out of memory at ");
            assertThat(cgroup.kills()).as(cgroup.figures()).isZero();
        }
    }

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 25})
    void applicationThatIsOnlyPartlyAllowedGetsThatPart(int jdk) {
        try (ChildCgroup cgroup = ChildCgroup.make(420 * MIB);
                TestJvm jvm = new TestJvm.Start(jdk, directory)
                        .within(cgroup.command())
                        .preloaded("heap=160Mi")
                        .up()) {
            String answer = jvm.app("fill", cgroup);

            assertThat(answer).startsWith("out of memory at ");
            assertThat(Long.parseLong(answer.substring("out of memory at ".length())))
                    .isBetween(170 * MIB, 400 * MIB);
            assertThat(cgroup.kills()).as(cgroup.figures()).isZero();
            assertThat(cgroup.usage()).isLessThanOrEqualTo(420 * MIB);
            assertThat(jvm.ask("status").number("heap.gave-way")).isPositive();
        }
    }
}
