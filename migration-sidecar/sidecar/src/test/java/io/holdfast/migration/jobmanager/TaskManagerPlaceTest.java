package io.holdfast.migration.jobmanager;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.migration.client.RegisteredTaskManager;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TaskManagerPlaceTest {
    private static final List<RegisteredTaskManager> LISTED = List.of(
            taskManager("tm-1", "10.0.0.1"),
            taskManager("10.0.0.2:1-ab", "10.0.0.2"),
            taskManager("six", "[fd00::5]"),
            taskManager("a", "10.0.0.3"),
            taskManager("b", "10.0.0.3"));

    @Test
    void idThatIsSetIsBelieved() {
        assertThat(ids(new TaskManagerPlace(Optional.of("b"), Set.of("tm-1"), Set.of("10.0.0.2"))))
                .containsExactly("b");
        assertThat(ids(new TaskManagerPlace(Optional.of("c"), Set.of("tm-1"), Set.of("10.0.0.2"))))
                .isEmpty();
    }

    @Test
    void nameOfThePodComesBeforeItsAddress() {
        assertThat(ids(new TaskManagerPlace(Optional.empty(), Set.of("tm-1"), Set.of("10.0.0.2"))))
                .containsExactly("tm-1");
        assertThat(ids(new TaskManagerPlace(Optional.empty(), Set.of("x"), Set.of("10.0.0.2"))))
                .containsExactly("10.0.0.2:1-ab");
    }

    @Test
    void severalAtOneAddressAreAllTold() {
        assertThat(ids(new TaskManagerPlace(Optional.empty(), Set.of("x"), Set.of("10.0.0.3"))))
                .containsExactly("a", "b");
    }

    @Test
    void addressOfVersionSixIsTheSameHoweverItIsWritten() {
        assertThat(ids(TaskManagerPlace.of(Optional.empty(), Optional.of("x"), Optional.of("fd00:0:0::0005"))))
                .containsExactly("six");
    }

    private static List<String> ids(TaskManagerPlace place) {
        return place.among(LISTED).stream().map(RegisteredTaskManager::id).toList();
    }

    private static RegisteredTaskManager taskManager(String id, String host) {
        return new RegisteredTaskManager(id, "pekko.tcp://flink@%s:6122/user/rpc/taskmanager_0".formatted(host), false);
    }
}
