package io.holdfast.agent.os;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.util.OptionalLong;

/** The options of this JVM, as it has them now. */
public final class VmOptions implements OptionReader {
    private final HotSpotDiagnosticMXBean bean;

    public VmOptions() {
        bean = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    }

    @Override
    public String value(String name) {
        try {
            return bean == null ? null : bean.getVMOption(name).getValue();
        } catch (IllegalArgumentException e) {
            return null; // no such option in this JVM
        }
    }

    /** Returns an option's number; empty if there is no such option. */
    public OptionalLong number(String name) {
        String value = value(name);
        return value == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(value));
    }

    /** Sets a manageable option, and tells whether it reads so afterwards. */
    public boolean set(String name, long number) {
        String wanted = Long.toString(number);
        bean.setVMOption(name, wanted);
        return wanted.equals(value(name));
    }
}
