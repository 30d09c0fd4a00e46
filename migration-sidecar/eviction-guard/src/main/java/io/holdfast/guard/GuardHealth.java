package io.holdfast.guard;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;

/** Whether this replica works, and whether API servers can talk to it: without a certificate they cannot. */
@ApplicationScoped
class GuardHealth {

    @Produces
    @Liveness
    @ApplicationScoped
    HealthCheck threadsRun(GuardService service) {
        return () ->
                HealthCheckResponse.named("threads").status(service.alive()).build();
    }

    @Produces
    @Readiness
    @ApplicationScoped
    HealthCheck servesACertificate(GuardService service) {
        return () -> HealthCheckResponse.named("certificate")
                .withData("leads", service.leads())
                .status(service.certificate().isPresent())
                .build();
    }
}
