import "../house";
import "../../styles/room.css";
