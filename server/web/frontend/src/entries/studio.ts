import "../house";
import "../../styles/studio.css";
