package io.holdfast.resize;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;

/**
 * Whether this process works. A TaskManager or an API server that is away makes it neither dead nor unready: a restart would
 * bring nothing back, and an unready sidecar would take the TaskManager's pod out of service.
 */
@ApplicationScoped
class ResizeHealth {

    @Produces
    @Liveness
    @ApplicationScoped
    HealthCheck loopTurns(ResizeService service) {
        return () -> HealthCheckResponse.named("loop").status(service.alive()).build();
    }

    @Produces
    @Readiness
    @ApplicationScoped
    HealthCheck answers(ResizeService service) {
        return () -> HealthCheckResponse.named("agent")
                .withData("connected", service.snapshot().world().taskManager().isPresent())
                .withData("phase", Reporter.word(service.snapshot().phase()))
                .up()
                .build();
    }
}
