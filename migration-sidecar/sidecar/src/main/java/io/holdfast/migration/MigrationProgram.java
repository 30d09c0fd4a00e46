package io.holdfast.migration;

import io.holdfast.base.ExitCode;
import io.holdfast.quarkus.EffectiveSettings;
import io.holdfast.quarkus.ListenAddress;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Provider;
import jakarta.inject.Singleton;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs until it is told to end, and then as long as the tasks take to leave. */
@Singleton
final class MigrationProgram implements QuarkusApplication {
    private static final Logger LOG = LoggerFactory.getLogger(MigrationProgram.class);

    private final MigrationConfig config;
    private final Provider<MigrationService> service;
    private final Training training;
    private volatile MigrationService running;

    MigrationProgram(MigrationConfig config, Provider<MigrationService> service, Training training) {
        this.config = config;
        this.service = service;
        this.training = training;
    }

    @Override
    public int run(String... arguments) {
        MigrationSettings.of(config); // before anything is made of them
        LOG.info("Settings read: {}", EffectiveSettings.line(MigrationSettings.shown(config)));
        MigrationSidecar.START.tellVariablesOfOthers();
        if (!ListenAddress.parse(config.listen()).loopback()
                && config.tokenFile().isEmpty()) {
            LOG.warn(
                    "Everybody who reaches {} may have the tasks moved. Set HOLDFAST_MIGRATION_TOKEN_FILE",
                    config.listen());
        }
        running = service.get();
        running.start();
        if (training.wanted()) {
            training.run();
            running.close();
        } else {
            Quarkus.waitForExit();
            running.end();
        }
        return ExitCode.DONE;
    }

    /** On a signal the framework stops everything, whatever {@link #run} waits for. For this it waits, and hooks are still heard. */
    void hold(@Observes ShutdownDelayInitiatedEvent event) {
        if (running != null && !training.wanted()) {
            running.end();
        }
    }
}
