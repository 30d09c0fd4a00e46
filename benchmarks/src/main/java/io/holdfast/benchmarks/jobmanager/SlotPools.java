package io.holdfast.benchmarks.jobmanager;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.JobType;
import org.apache.flink.runtime.jobmaster.DefaultSlotPoolServiceSchedulerFactory;
import org.apache.flink.runtime.jobmaster.slotpool.DefaultDeclarativeSlotPoolFactory;
import org.apache.flink.runtime.jobmaster.slotpool.SlotPoolService;

/** Makes a JobMaster's slot pool as Flink does, whose method wants another id as well since 2.3. */
final class SlotPools {

    private static final String METHOD = "createSlotPoolService";

    private SlotPools() {}

    static SlotPoolService create(JobID job, Configuration configuration, MeteredMainThread mainThread) {
        DefaultSlotPoolServiceSchedulerFactory factory =
                DefaultSlotPoolServiceSchedulerFactory.fromConfiguration(configuration, JobType.STREAMING, false);
        Method create = Arrays.stream(factory.getClass().getMethods())
                .filter(method -> method.getName().equals(METHOD))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("Flink has no method " + METHOD));
        List<Object> known = List.of(job, new DefaultDeclarativeSlotPoolFactory(), mainThread);
        Object[] arguments = Arrays.stream(create.getParameterTypes())
                .map(type -> known.stream().filter(type::isInstance).findFirst().orElseGet(() -> newInstance(type)))
                .toArray();
        try {
            return (SlotPoolService) create.invoke(factory, arguments);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(METHOD + " failed", e);
        }
    }

    /** Flink's ids are random when made without arguments. */
    private static Object newInstance(Class<?> type) {
        try {
            return type.getConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("no argument of type " + type + " is known", e);
        }
    }
}
