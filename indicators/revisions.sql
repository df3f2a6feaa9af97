-- titre: Ce que les corrections changent à un millésime
-- title: What corrections changed in a vintage
-- définition: terrain dont la couverture, l'usage ou le statut final diffère entre la série
--   publiée et la série révisée d'un même millésime. Une révision n'est pas un flux : elle dit
--   que le millésime se trompait, non que le terrain a changé. stock révisé − stock publié =
--   somme de net_artificial, exactement. Un statut peut bouger à côté du terrain corrigé, par
--   les seuils du décret.
-- definition: ground whose cover, use or final status differs between the published and the
--   revised series of one vintage. A revision is no flux: it says that the vintage was wrong,
--   not that the ground changed. revised stock − published stock = the sum of net_artificial,
--   exactly. A status may move beside the ground that was amended, by the decree's thresholds.
-- source: the corrections given in [[corrections]] (manifest.json lists them)
-- subject: OCS GE
-- unit: m²
-- columns: commune, name, departement, year, cs_published, us_published, cs_revised,
--   us_revised, artificial_published, artificial_revised, area_m2, net_artificial_m2
SELECT
  commune, name, departement, year,
  cs_published, us_published, cs_revised, us_revised,
  final_published AS artificial_published, final_revised AS artificial_revised,
  SUM(area_half_cm2) AS area_half_cm2,
  SUM(CASE WHEN final_revised = true THEN area_half_cm2 ELSE 0 END)
    - SUM(CASE WHEN final_published = true THEN area_half_cm2 ELSE 0 END)
    AS net_artificial_half_cm2
FROM revised
GROUP BY
  commune, name, departement, year, cs_published, us_published, cs_revised, us_revised,
  final_published, final_revised
ORDER BY
  departement, commune, year, cs_published, us_published, cs_revised, us_revised,
  artificial_published, artificial_revised
