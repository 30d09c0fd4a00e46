package io.holdfast.resize;

import jakarta.enterprise.inject.Instance;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.Provider;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets only those in who know the token, if there is one. A token that cannot be read lets nobody in. */
@Provider
public class TokenFilter implements ContainerRequestFilter {
    private static final Logger LOG = LoggerFactory.getLogger(TokenFilter.class);
    private static final String SCHEME = "Bearer ";

    private final Instance<ResizeConfig> config; // filters are made before settings are read

    TokenFilter(Instance<ResizeConfig> config) {
        this.config = config;
    }

    @Override
    public void filter(ContainerRequestContext request) {
        Optional<Path> file = config.get().tokenFile();
        if (file.isPresent() && !allowed(request.getHeaderString(HttpHeaders.AUTHORIZATION), file.get())) {
            request.abortWith(Response.fromResponse(ResizeResource.problem(
                            Response.Status.UNAUTHORIZED.getStatusCode(),
                            "Send the token as Authorization: Bearer TOKEN"))
                    .header(HttpHeaders.WWW_AUTHENTICATE, SCHEME.strip())
                    .build());
        }
    }

    /** Compares in a time that does not depend on how much of it is right. */
    static boolean allowed(String header, Path file) {
        if (header == null || !header.startsWith(SCHEME)) {
            return false;
        }
        try {
            byte[] expected = Files.readString(file).strip().getBytes(StandardCharsets.UTF_8);
            byte[] given = header.substring(SCHEME.length()).strip().getBytes(StandardCharsets.UTF_8);
            return expected.length > 0 && MessageDigest.isEqual(expected, given);
        } catch (IOException e) {
            LOG.error(
                    "Token not read, so nobody may resize: file={} reason={}. Mount it, readable for this user",
                    file,
                    e.toString());
            return false;
        }
    }
}
