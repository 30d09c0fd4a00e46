package io.holdfast.jarcache.init;

import io.holdfast.base.ExitCode;
import io.holdfast.jarcache.source.HttpSettings;
import io.holdfast.jarcache.source.JarSource;
import io.holdfast.jarcache.source.JarSources;
import io.holdfast.quarkus.EffectiveSettings;
import io.quarkus.runtime.QuarkusApplication;
import jakarta.inject.Singleton;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs once, and cleans up if it is told to end before. */
@Singleton
final class JarCacheProgram implements QuarkusApplication {
    private static final Logger LOG = LoggerFactory.getLogger(JarCacheProgram.class);

    private final JarCacheConfig config;

    JarCacheProgram(JarCacheConfig config) {
        this.config = config;
    }

    @Override
    public int run(String... arguments) {
        JarCacheSettings settings = JarCacheSettings.of(config);
        LOG.info("Settings read: {}", EffectiveSettings.line(JarCacheSettings.shown(config)));
        JarCacheInit.START.tellVariablesOfOthers();
        try (JarSource sources = new JarSources(HttpSettings.USUAL, settings.hdfs())) {
            JarCacheRun run = new JarCacheRun(settings, sources, System::nanoTime);
            Thread hook = new Thread(run::stop, "holdfast-stop");
            Runtime.getRuntime().addShutdownHook(hook);
            run.run();
            forget(hook);
        }
        return ExitCode.DONE;
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return; // it runs already
        }
    }
}
