import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/** Runs one node until standard input ends, so that it never outlives the process that started it. */
public final class Launcher {
    public static void main(String[] arguments) throws Exception {
        Path home = Path.of(arguments[0]);
        Path config = Path.of(arguments[1]);
        LogConfigurator.configureESLogging();
        Settings settings = Settings.builder()
            .loadFromPath(config.resolve("elasticsearch.yml"))
            .put("path.home", home.toString())
            .build();
        Environment environment = new Environment(settings, config);
        LogConfigurator.configure(environment, true);
        // Two threads that meet their first exceptions at once can wait for each other's class for ever.
        Class.forName("org.elasticsearch.ElasticsearchException");
        PluginsLoader plugins = PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(environment.modulesDir(), false), Set.of(), Map.of());
        try (Node node = new Node(environment, plugins)) {
            node.start();
            while (System.in.read() >= 0) {
            }
        }
        System.exit(0);
    }
}
