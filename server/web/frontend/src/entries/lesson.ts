import "../../styles/lesson.css";
