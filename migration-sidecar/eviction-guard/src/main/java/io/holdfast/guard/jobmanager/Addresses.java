package io.holdfast.guard.jobmanager;

import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Where the JobManager of a pod is, and which TaskManager the pod is, as labels and annotations of the pod say. */
public final class Addresses {
    /** Annotation with the REST address of the JobManager; several are separated by commas. */
    public static final String JOBMANAGER_URL = "holdfast.io/jobmanager-url";

    /** Annotation with the resource id of the pod's TaskManager. */
    public static final String TASKMANAGER_ID = "holdfast.io/taskmanager-id";

    private static final String APP = "app";
    private static final int DEFAULT_REST = 8081;
    private static final Set<String> SCHEMES = Set.of("http", "https");
    private static final String NAME = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";

    private Addresses() {}

    /** Returns none if nothing says it, or what says it is no address. */
    public static List<URI> of(String namespace, Map<String, String> labels, Map<String, String> annotations) {
        String written = annotations.get(JOBMANAGER_URL);
        if (written != null) {
            List<Optional<URI>> addresses =
                    Arrays.stream(written.split(",")).map(Addresses::address).toList();
            return addresses.stream().allMatch(Optional::isPresent)
                    ? addresses.stream().map(Optional::get).toList()
                    : List.of();
        }
        String app = labels.getOrDefault(APP, "");
        return app.matches(NAME)
                ? List.of(URI.create("http://%s-rest.%s:%d".formatted(app, namespace, DEFAULT_REST)))
                : List.of();
    }

    public static Optional<String> taskManager(Map<String, String> annotations) {
        return Optional.ofNullable(annotations.get(TASKMANAGER_ID))
                .map(String::strip)
                .filter(id -> !id.isEmpty());
    }

    private static Optional<URI> address(String text) {
        try {
            URI address = URI.create(text.strip());
            return address.getHost() != null
                            && SCHEMES.contains(String.valueOf(address.getScheme()))
                            && address.getQuery() == null
                            && address.getFragment() == null
                    ? Optional.of(address)
                    : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
