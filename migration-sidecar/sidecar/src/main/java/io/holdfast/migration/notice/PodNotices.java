package io.holdfast.migration.notice;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.holdfast.kubernetes.ObjectWatch;
import io.holdfast.migration.plan.Cause;
import io.holdfast.migration.plan.Notice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** What this pod says: that it is deleted, or annotations by which it is asked to leave. */
final class PodNotices implements ObjectWatch.Follower {
    private static final String SOURCE = "pod";
    private static final int LONGEST_QUOTE = 200;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<String> annotations;
    private final NoticeBoard board;
    private final Clocks clocks;
    private final Consumer<PodFacts> facts;

    /** @param annotations whose presence asks it to leave, with any value but {@code false} */
    PodNotices(List<String> annotations, NoticeBoard board, Clocks clocks, Consumer<PodFacts> facts) {
        this.annotations = annotations;
        this.board = board;
        this.clocks = clocks;
        this.facts = facts;
    }

    @Override
    public void seen(GenericKubernetesResource pod) {
        facts.accept(PodFacts.of(pod));
        board.publish(SOURCE, of(pod));
    }

    private List<Notice> of(GenericKubernetesResource pod) {
        List<Notice> notices = new ArrayList<>();
        String deletion = pod.getMetadata().getDeletionTimestamp();
        if (deletion != null) { // the time at which it will be gone: its grace period is in it
            notices.add(new Notice(
                    "pod:deleted",
                    Cause.POD_DELETED,
                    "the pod is deleted",
                    MetadataServer.moment(deletion).map(clocks::nanos).orElse(OptionalLong.empty()),
                    false));
        }
        Map<String, String> present = PodFacts.notNull(pod.getMetadata().getAnnotations());
        for (String key : annotations) {
            String value = present.get(key);
            if (value != null && !value.strip().equalsIgnoreCase("false")) {
                notices.add(new Notice(
                        "annotation:" + key,
                        Cause.POD_ANNOTATION,
                        "the pod has the annotation " + key + quoted(value),
                        OptionalLong.empty(),
                        false));
            }
        }
        return notices;
    }

    /** What people would want to read of it: the reason in a soft eviction of Koordinator's, for one. */
    private static String quoted(String value) {
        String text = reason(value).orElse(value.strip()).lines().findFirst().orElse("");
        if (text.isEmpty() || text.equalsIgnoreCase("true")) {
            return "";
        }
        return ": " + (text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "…");
    }

    private static Optional<String> reason(String value) {
        try {
            JsonNode json = JSON.readTree(value);
            return Optional.of(json.path("reason").asText("")).filter(text -> !text.isBlank());
        } catch (JsonProcessingException e) {
            return Optional.empty(); // plain text
        }
    }
}
