package io.holdfast.migration;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;

/**
 * Whether this process works. A JobManager or an API server that is away makes it neither dead nor unready: a restart would
 * bring nothing back, and an unready sidecar would take the TaskManager's pod out of service.
 */
@ApplicationScoped
class MigrationHealth {

    @Produces
    @Liveness
    @ApplicationScoped
    HealthCheck loopTurns(MigrationService service) {
        return () -> HealthCheckResponse.named("loop").status(service.alive()).build();
    }

    @Produces
    @Readiness
    @ApplicationScoped
    HealthCheck answers(MigrationService service) {
        return () -> HealthCheckResponse.named("notices")
                .withData("phase", MigrationSettings.word(service.snapshot().phase()))
                .withData("notices", service.snapshot().notices().size())
                .up()
                .build();
    }
}
