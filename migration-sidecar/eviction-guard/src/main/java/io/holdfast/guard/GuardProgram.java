package io.holdfast.guard;

import io.holdfast.base.ExitCode;
import io.holdfast.quarkus.EffectiveSettings;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.ShutdownEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Provider;
import jakarta.inject.Singleton;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs until it is told to end. */
@Singleton
final class GuardProgram implements QuarkusApplication {
    private static final Logger LOG = LoggerFactory.getLogger(GuardProgram.class);

    private final GuardConfig config;
    private final Provider<GuardService> service;
    private volatile GuardService running;

    GuardProgram(GuardConfig config, Provider<GuardService> service) {
        this.config = config;
        this.service = service;
    }

    @Override
    public int run(String... arguments) {
        GuardSettings.of(config); // before anything is made of them
        LOG.info("Settings read: {}", EffectiveSettings.line(GuardSettings.shown(config)));
        EvictionGuard.START.tellVariablesOfOthers();
        try (GuardService guard = service.get()) {
            running = guard;
            guard.start();
            Quarkus.waitForExit();
        }
        return ExitCode.DONE;
    }

    /** Before Quarkus takes down what the API server is talked to with: the lease is given back. */
    void end(@Observes ShutdownEvent event) {
        GuardService guard = running;
        if (guard != null) {
            guard.close();
        }
    }
}
