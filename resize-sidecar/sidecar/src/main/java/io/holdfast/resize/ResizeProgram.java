package io.holdfast.resize;

import io.holdfast.base.ExitCode;
import io.holdfast.quarkus.EffectiveSettings;
import io.holdfast.quarkus.ListenAddress;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import jakarta.inject.Provider;
import jakarta.inject.Singleton;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs until it is told to end. */
@Singleton
final class ResizeProgram implements QuarkusApplication {
    private static final Logger LOG = LoggerFactory.getLogger(ResizeProgram.class);

    private final ResizeConfig config;
    private final Provider<ResizeService> service;
    private final Training training;

    ResizeProgram(ResizeConfig config, Provider<ResizeService> service, Training training) {
        this.config = config;
        this.service = service;
        this.training = training;
    }

    @Override
    public int run(String... arguments) {
        ResizeSettings.of(config); // before anything is made of them
        LOG.info("Settings read: {}", EffectiveSettings.line(ResizeSettings.shown(config)));
        ResizeSidecar.START.tellVariablesOfOthers();
        if (!ListenAddress.parse(config.listen()).loopback()
                && config.tokenFile().isEmpty()) {
            LOG.warn("Everybody who reaches {} may resize. Set HOLDFAST_RESIZE_TOKEN_FILE", config.listen());
        }
        try (ResizeService running = service.get()) {
            running.start();
            if (training.wanted()) {
                training.run();
            } else {
                Quarkus.waitForExit();
            }
        }
        return ExitCode.DONE;
    }
}
