package io.holdfast.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;

/** Which pod this is. Never taken from a request: a sidecar acts on its own pod alone. */
public record PodIdentity(String namespace, String name) {
    /** Where Kubernetes puts what a service account is given. */
    public static final Path SERVICE_ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");

    /**
     * Returns the pod by its settings, or else as the token of its service account tells it; empty if neither does.
     *
     * @param serviceAccount directory of {@code token} and {@code namespace}; it may not exist
     */
    public static Optional<PodIdentity> of(Optional<String> namespace, Optional<String> name, Path serviceAccount) {
        JsonNode claims = claims(serviceAccount.resolve("token"));
        Optional<String> itsNamespace =
                namespace.or(() -> text(claims.path("namespace"))).or(() -> read(serviceAccount.resolve("namespace")));
        Optional<String> itsName = name.or(() -> text(claims.path("pod").path("name")));
        return itsNamespace.flatMap(space -> itsName.map(pod -> new PodIdentity(space, pod)));
    }

    /** What a token says of the pod that it is bound to. Not verified: it is only believed to be one's own. */
    private static JsonNode claims(Path token) {
        ObjectMapper json = new ObjectMapper();
        try {
            String[] parts = read(token).orElse("").split("\\.");
            return parts.length == 3
                    ? json.readTree(Base64.getUrlDecoder().decode(parts[1])).path("kubernetes.io")
                    : json.missingNode();
        } catch (IOException | IllegalArgumentException e) {
            return json.missingNode(); // of another kind: then the settings must tell
        }
    }

    private static Optional<String> text(JsonNode node) {
        return Optional.ofNullable(node.textValue()).filter(text -> !text.isBlank());
    }

    private static Optional<String> read(Path file) {
        try {
            return Optional.of(Files.readString(file, StandardCharsets.UTF_8).strip())
                    .filter(text -> !text.isEmpty());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return namespace + "/" + name;
    }
}
