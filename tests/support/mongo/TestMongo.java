import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;

/**
 * A server that speaks MongoDB's protocol and keeps its data in a file: TestMongo PORT FILE. What it
 * acknowledged has been given to the operating system, so it survives a kill -9.
 */
public class TestMongo {
  static class Backend extends H2Backend {
    Backend(String file) {
      super(file);
    }

    @Override
    public Document handleMessage(MongoMessage message) {
      Document reply = super.handleMessage(message);
      // By itself the file is written about once a second.
      commit();
      return reply;
    }
  }

  public static void main(String[] arguments) {
    MongoServer server = new MongoServer(new Backend(arguments[1]));
    server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
    System.out.println("listening");
  }
}
