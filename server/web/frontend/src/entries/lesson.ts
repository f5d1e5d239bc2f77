import "../house";
import "../../styles/lesson.css";
