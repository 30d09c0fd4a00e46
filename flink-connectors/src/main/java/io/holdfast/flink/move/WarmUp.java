package io.holdfast.flink.move;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.execution.Environment;
import org.apache.flink.runtime.jobgraph.tasks.AbstractInvokable;
import org.apache.flink.streaming.api.graph.StreamConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A task that does nothing where a task of the job is about to be put, except what the first one there has to wait for:
 * the job's files are fetched, its class loader is made, and the classes of its operators are loaded. Task thread.
 */
public final class WarmUp extends AbstractInvokable {

    /** Which class the real task runs. */
    static final ConfigOption<String> INVOKABLE =
            ConfigOptions.key("holdfast.warm-up.invokable").stringType().noDefaultValue();

    private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);

    /** Flink's task thread. */
    public WarmUp(Environment environment) {
        super(environment);
    }

    /** What such a task is told, of a task with {@code configuration} that runs {@code invokable}. */
    public static Configuration configuration(Configuration configuration, String invokable) {
        Configuration own = new Configuration(configuration);
        own.set(INVOKABLE, invokable);
        return own;
    }

    @Override
    public void invoke() {
        long began = System.nanoTime();
        try {
            ClassLoader classes = getUserCodeClassLoader();
            Class.forName(getTaskConfiguration().get(INVOKABLE), true, classes);
            StreamConfig head = new StreamConfig(getTaskConfiguration());
            head.getStateBackend(classes);
            for (StreamConfig operator :
                    head.getTransitiveChainedTaskConfigsWithSelf(classes).values()) {
                operator.getStreamOperatorFactory(classes);
                operator.getTypeSerializerOut(classes);
                operator.getStateKeySerializer(classes);
            }
            LOG.debug(
                    "Warmed up: task={} micros={}",
                    getEnvironment().getTaskInfo().getTaskName(),
                    micros(began));
        } catch (Exception | LinkageError e) { // the real task will say so, if it matters
            LOG.debug("Not warmed up: task={}", getEnvironment().getTaskInfo().getTaskName(), e);
        }
    }

    private static long micros(long began) {
        return (System.nanoTime() - began) / 1_000;
    }
}
