package io.holdfast.resize.pod;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Quantity;
import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.resize.plan.World.Condition;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What of a pod concerns a resize of one of its containers. Read from a generic resource: a typed pod would have hundreds of
 * classes loaded for these few fields.
 *
 * @param limitBytes memory limit that the container is to have
 * @param requestBytes memory request that it is to have
 * @param restartsContainer whether a change of memory would restart the container, by its resize policy
 */
record PodState(
        String uid,
        long limitBytes,
        Optional<Long> requestBytes,
        boolean restartsContainer,
        Optional<Condition> condition) {

    /** @throws HoldfastException DEGRADED if there is no such container, or it has no limit */
    static PodState of(GenericKubernetesResource pod, String container) {
        List<Map<?, ?>> containers =
                list(child(pod.getAdditionalProperties(), "spec").get("containers"));
        Map<?, ?> found = containers.stream()
                .filter(candidate -> container.equals(candidate.get("name")))
                .findFirst()
                .orElseThrow(() -> new HoldfastException(
                        Disposition.DEGRADED,
                        "The pod has no container '%s', but %s"
                                .formatted(
                                        container,
                                        containers.stream()
                                                .map(candidate -> "'" + candidate.get("name") + "'")
                                                .collect(Collectors.joining(", "))),
                        "Set HOLDFAST_RESIZE_CONTAINER to the one of Flink"));
        Map<?, ?> resources = child(found, "resources");
        long limit = memory(child(resources, "limits"))
                .orElseThrow(() -> new HoldfastException(
                        Disposition.DEGRADED,
                        "The container '%s' has no memory limit".formatted(container),
                        "Give it one in the pod template: only a limit that is there can be resized"));
        boolean restarts = list(found.get("resizePolicy")).stream()
                .anyMatch(policy -> "memory".equals(policy.get("resourceName"))
                        && "RestartContainer".equals(policy.get("restartPolicy")));
        return new PodState(
                pod.getMetadata().getUid(),
                limit,
                memory(child(resources, "requests")),
                restarts,
                condition(
                        child(pod.getAdditionalProperties(), "status"),
                        pod.getMetadata().getGeneration()));
    }

    /** @param generation of what the pod asks for; null before Kubernetes counted that */
    private static Optional<Condition> condition(Map<?, ?> status, Long generation) {
        Optional<Condition> pending = list(status.get("conditions")).stream()
                .filter(condition -> "True".equals(condition.get("status")))
                .filter(condition -> !(generation != null
                        && condition.get("observedGeneration") instanceof Number seen
                        && seen.longValue() < generation)) // about something that is no longer asked for
                .flatMap(condition -> switch (String.valueOf(condition.get("type"))) {
                    case "PodResizePending" ->
                        Optional.of(new Condition(
                                        "Infeasible".equals(condition.get("reason"))
                                                ? Condition.Kind.INFEASIBLE
                                                : Condition.Kind.DEFERRED,
                                        message(condition)))
                                .stream();
                    case "PodResizeInProgress" ->
                        Optional.of(new Condition(Condition.Kind.IN_PROGRESS, message(condition))).stream();
                    default -> Optional.<Condition>empty().stream();
                })
                .findFirst();
        return pending.or(() -> older(String.valueOf(status.get("resize"))));
    }

    /** Before Kubernetes 1.33 it was one word. */
    private static Optional<Condition> older(String word) {
        return switch (word) {
            case "Infeasible" -> Optional.of(new Condition(Condition.Kind.INFEASIBLE, word));
            case "Deferred" -> Optional.of(new Condition(Condition.Kind.DEFERRED, word));
            case "InProgress" -> Optional.of(new Condition(Condition.Kind.IN_PROGRESS, word));
            default -> Optional.empty();
        };
    }

    /** What people wrote, else the word that programs read, else what kind of condition it is. */
    private static String message(Map<?, ?> condition) {
        return Stream.of("message", "reason", "type")
                .map(condition::get)
                .filter(Objects::nonNull)
                .map(Object::toString)
                .filter(text -> !text.isBlank())
                .findFirst()
                .orElse("");
    }

    private static Optional<Long> memory(Map<?, ?> resources) {
        return Optional.ofNullable(resources.get("memory"))
                .map(text ->
                        Quantity.getAmountInBytes(new Quantity(text.toString())).longValue());
    }

    private static Map<?, ?> child(Map<?, ?> parent, String name) {
        return parent.get(name) instanceof Map<?, ?> map ? map : Map.of();
    }

    private static List<Map<?, ?>> list(Object value) {
        return value instanceof List<?> list
                ? list.stream()
                        .filter(Map.class::isInstance)
                        .<Map<?, ?>>map(item -> (Map<?, ?>) item)
                        .toList()
                : List.of();
    }
}
