package io.holdfast.migration;

import io.holdfast.base.ExitCode;
import io.holdfast.quarkus.EffectiveSettings;
import io.holdfast.quarkus.ListenAddress;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
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
        try (MigrationService running = service.get()) {
            running.start();
            if (training.wanted()) {
                training.run();
            } else {
                Quarkus.waitForExit();
                if (running.alive()) {
                    running.lastDrain();
                }
            }
        }
        return ExitCode.DONE;
    }
}
