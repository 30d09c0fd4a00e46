package io.holdfast.quarkus;

import io.smallrye.config.ConfigSourceInterceptor;
import io.smallrye.config.ConfigSourceInterceptorContext;
import io.smallrye.config.ConfigValue;

/**
 * Has Quarkus listen where one variable of a program says: its own settings are two. Kubernetes sets variables that end with
 * {@code _PORT} for Services, so none of ours can have such a name. A program extends this class, and names that one as a
 * service.
 */
public abstract class ListenSetting implements ConfigSourceInterceptor {
    private static final long serialVersionUID = 1L;
    private static final String HOST = "quarkus.http.host";
    private static final String PORT = "quarkus.http.port";

    private final String key;
    private final String defaultAddress;

    /** @param key of the setting, such as {@code holdfast.resize.listen} */
    protected ListenSetting(String key, String defaultAddress) {
        this.key = key;
        this.defaultAddress = defaultAddress;
    }

    @Override
    public ConfigValue getValue(ConfigSourceInterceptorContext context, String name) {
        boolean host = HOST.equals(name);
        if (!host && !PORT.equals(name)) {
            return context.proceed(name);
        }
        ConfigValue listen = context.proceed(key);
        ListenAddress address = address(listen == null ? defaultAddress : listen.getValue());
        return ConfigValue.builder()
                .withName(name)
                .withValue(host ? address.host() : Integer.toString(address.port()))
                .build();
    }

    /** What cannot be read is told by the program's own check of its settings; until then nobody may reach it. */
    private static ListenAddress address(String text) {
        try {
            return ListenAddress.parse(text);
        } catch (IllegalArgumentException e) {
            return new ListenAddress("127.0.0.1", 0);
        }
    }
}
