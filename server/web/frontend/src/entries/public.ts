import "../house";
import "../../styles/public.css";
