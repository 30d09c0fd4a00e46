package io.holdfast.migration.notice;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.holdfast.kubernetes.ObjectWatch;
import io.holdfast.migration.plan.Cause;
import io.holdfast.migration.plan.Notice;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** What the node of this pod says: taints that mean that it goes. */
final class NodeNotices implements ObjectWatch.Follower {
    private static final String SOURCE = "node";

    private final List<TaintRule> rules;
    private final NoticeBoard board;

    NodeNotices(List<TaintRule> rules, NoticeBoard board) {
        this.rules = rules;
        this.board = board;
    }

    @Override
    public void seen(GenericKubernetesResource node) {
        board.publish(SOURCE, of(node));
    }

    private List<Notice> of(GenericKubernetesResource node) {
        Map<String, Notice> notices = new LinkedHashMap<>(); // one taint may be there with several effects
        for (Map<?, ?> taint : Fields.children(Fields.child(node.getAdditionalProperties(), "spec"), "taints")) {
            String key = Fields.text(taint, "key").orElse("");
            String value = Fields.text(taint, "value").orElse("");
            String effect = Fields.text(taint, "effect").orElse("");
            if (rules.stream().anyMatch(rule -> rule.matches(key, value, effect))) {
                notices.putIfAbsent(
                        key,
                        new Notice(
                                "taint:" + key,
                                Cause.NODE_TAINT,
                                "node %s has the taint %s%s:%s"
                                        .formatted(
                                                node.getMetadata().getName(),
                                                key,
                                                value.isEmpty() ? "" : "=" + value,
                                                effect),
                                OptionalLong.empty(),
                                true));
            }
        }
        return List.copyOf(notices.values());
    }
}
