package io.holdfast.migration;

import io.holdfast.quarkus.BearerToken;
import jakarta.enterprise.inject.Instance;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.Provider;
import java.nio.file.Path;
import java.util.Optional;

/** Lets only those in who know the token, if there is one. A token that cannot be read lets nobody in. */
@Provider
public class TokenFilter implements ContainerRequestFilter {
    private final Instance<MigrationConfig> config; // filters are made before settings are read

    TokenFilter(Instance<MigrationConfig> config) {
        this.config = config;
    }

    @Override
    public void filter(ContainerRequestContext request) {
        Optional<Path> file = config.get().tokenFile();
        if (file.isPresent() && !BearerToken.allowed(request.getHeaderString(HttpHeaders.AUTHORIZATION), file.get())) {
            request.abortWith(Response.fromResponse(MigrationResource.problem(
                            Response.Status.UNAUTHORIZED.getStatusCode(),
                            "Send the token as Authorization: Bearer TOKEN"))
                    .header(HttpHeaders.WWW_AUTHENTICATE, BearerToken.SCHEME)
                    .build());
        }
    }
}
